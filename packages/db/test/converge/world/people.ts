import { born, makeId, one, send, sendChanged, sendDeleted } from './world.ts'
import type { Thing, World } from './world.ts'

interface Identity {
  id: string
  verification: { status: string } | null
}
interface Address extends Identity {
  email_address: string
}
interface Phone extends Identity {
  phone_number: string
}
interface Account extends Identity {
  provider?: string
  provider_user_id?: string
  /** Older accounts of Google's have these two instead. */
  object?: string
  google_id?: string
  email_address: string
  username: string | null
}
interface Wallet extends Identity {
  web3_wallet: string
}

export interface User extends Thing {
  external_id: string | null
  username: string | null
  first_name: string | null
  last_name: string
  image_url: string
  email_addresses: Address[]
  primary_email_address_id: string | null
  phone_numbers: Phone[]
  primary_phone_number_id: string | null
  external_accounts: Account[]
  web3_wallets: Wallet[]
  primary_web3_wallet_id: string | null
  public_metadata: unknown
  private_metadata: unknown
  unsafe_metadata: unknown
  banned: boolean
  locked: boolean
  last_sign_in_at: number | null
}

export interface Session extends Thing {
  user_id: string
  client_id: string
  status: string
  /** Clerk sends an empty string for none. */
  last_active_organization_id: string
  last_active_at: number
  expire_at: number
  abandon_at: number
  latest_activity?: { ip_address: string; city: string | null; browser_name: string }
}

const mostUsers = 3
const verification = { status: 'verified' }

export const peopleActions = {
  createUser: (world: World) => void createUser(world),
  updateUser(world: World) {
    const user = anyUser(world)
    const { text, other } = world.step
    user.first_name = text
    user.public_metadata = { text, list: [other] }
    user.banned = other % 2 === 0
    if (user.email_addresses[0]) user.email_addresses[0].verification = verification
    sendChanged(world, 'user.updated', user)
  },
  moveAddress(world: World) {
    const user = anyUser(world)
    const taker = one(world.users, world.step.other)
    const moving = user.email_addresses.pop()
    if (!moving || !taker) return
    taker.email_addresses.push(moving)
    for (const changed of new Set([user, taker])) {
      changed.primary_email_address_id = changed.email_addresses[0]?.id ?? null
      sendChanged(world, 'user.updated', changed)
    }
  },
  changeIdentities(world: World) {
    const user = anyUser(world)
    const { other, text } = world.step
    const identity = { id: makeId(world, 'idn'), verification: other % 2 ? verification : null }
    if (other % 4 === 0) user.phone_numbers = [{ ...identity, phone_number: `+1555${other}` }]
    if (other % 4 === 1) {
      user.web3_wallets.push({ ...identity, web3_wallet: `0x${other}` })
      user.primary_web3_wallet_id = identity.id
    }
    if (other % 4 === 2) user.external_accounts.push(createAccount(identity, text))
    if (other % 4 === 3) user.external_accounts.shift()
    user.primary_phone_number_id = user.phone_numbers[0]?.id ?? null
    sendChanged(world, 'user.updated', user)
  },
  deleteUser,
  signIn(world: World) {
    const user = anyUser(world)
    user.last_sign_in_at = world.now
    const session = createSession(world, user)
    world.sessions.push(session)
    sendChanged(world, 'session.created', session)
  },
  // It may outlive its user by a moment.
  changeSession(world: World) {
    const session = one(world.sessions, world.step.pick)
    if (!session) return peopleActions.signIn(world)
    session.status = one(['pending', 'ended', 'removed', 'revoked'], world.step.other) ?? 'ended'
    session.last_active_at = world.now
    sendChanged(world, `session.${session.status}`, session)
  },
  sendMail(world: World) {
    const user = anyUser(world)
    send(world, { type: 'email.created', data: withUser(makeId(world, 'ema'), user) })
  },
}

const withUser = (id: string, user: User) => ({ id, user_id: user.id })

/** What the user has is left to go with the user. */
export function deleteUser(world: World): void {
  const user = anyUser(world)
  world.users.splice(world.users.indexOf(user), 1)
  sendDeleted(world, 'user.deleted', user)
}

/** Someone who exists, made if need be. */
export function anyUser(world: World): User {
  return one(world.users, world.step.pick) ?? createUser(world)
}

function createUser(world: World): User {
  const { pick, text, other } = world.step
  const thing = born(world, 'user')
  const address = {
    id: makeId(world, 'idn'),
    email_address: `${pick}@example.com`,
    verification: null,
  }
  const user: User = {
    ...thing,
    external_id: text,
    username: `user-${other}`,
    first_name: text,
    last_name: 'Lovelace',
    image_url: 'https://images.example.com/1.png',
    email_addresses: [address],
    primary_email_address_id: address.id,
    phone_numbers: [],
    primary_phone_number_id: null,
    external_accounts: [],
    web3_wallets: [],
    primary_web3_wallet_id: null,
    public_metadata: {},
    private_metadata: { text },
    unsafe_metadata: null,
    banned: false,
    locked: false,
    last_sign_in_at: null,
  }
  if (world.users.length === mostUsers) world.users.shift()
  world.users.push(user)
  sendChanged(world, 'user.created', user)
  return user
}

function createAccount(identity: Identity, text: string | null): Account {
  const account = { ...identity, email_address: 'ada@example.com', username: text }
  return text === null
    ? { ...account, object: 'google_account', google_id: 'g-1' }
    : { ...account, provider: 'oauth_github', provider_user_id: '42' }
}

function createSession(world: World, user: User): Session {
  const { pick, text } = world.step
  const activity = { ip_address: '203.0.113.9', city: text, browser_name: 'Firefox' }
  return {
    ...born(world, 'sess'),
    user_id: user.id,
    client_id: `client_${pick}`,
    status: 'active',
    last_active_organization_id: '',
    last_active_at: world.now,
    expire_at: world.now + 1_000,
    abandon_at: world.now + 2_000,
    ...(pick % 2 ? { latest_activity: activity } : {}),
  }
}
