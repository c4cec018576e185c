import { randomBytes, randomInt } from 'node:crypto'
import { buildSample } from '@clerk-sync/events/samples'
import type { EventType } from '@clerk-sync/events'

export type PersonEvent = ReturnType<typeof buildSample>

/** A user whose data are texts that exist nowhere else. */
export interface Person {
  readonly userId: string
  /** A part of every text of theirs, except numbers and addresses of machines. */
  readonly tag: string
  /** Texts that are kept until the user is deleted, by the kind of data. */
  readonly kept: ReadonlyMap<string, string>
  /** Texts that must never be kept, by the kind of data. */
  readonly neverKept: ReadonlyMap<string, string>
  /** An id of theirs, and no other person's. */
  readonly id: (prefix: string) => string
  /** A text of theirs that is in neither list. */
  readonly text: (kind: string) => string
  /** A text of theirs that is kept until the user is deleted. */
  readonly keep: (kind: string) => string
  readonly address: (kind: string) => Address
  /** An event about this person, later than the one before unless `now` says when. */
  readonly build: (type: EventType, about: About) => PersonEvent
}

interface Address {
  id: string
  email_address: string
  verification: { status: string }
}

interface About {
  id: string
  data?: { [field: string]: unknown }
  now?: number
}

export function createPerson(): Person {
  const userId = String(buildSample('user.created').data['id'])
  const suffix = userId.slice('user_'.length)
  const tag = `zq${randomBytes(6).toString('hex')}`
  const groups = tag.match(/[0-9a-f]{4}/g)?.join(':')
  const kept = new Map<string, string>()
  const neverKept = new Map<string, string>()
  let clock = Date.now() - 3_600_000

  const text = (kind: string) => `${kind}-${tag}`
  const noted = (list: Map<string, string>, kind: string, value: string) => {
    list.set(kind, value)
    return value
  }
  const keep = (kind: string, value = text(kind)) => noted(kept, kind, value)
  const never = (kind: string, value = text(kind)) => noted(neverKept, kind, value)
  const email = (kind: string) => `${kind}-${tag}@example.com`
  const url = (kind: string) => `https://img.example.com/${kind}-${tag}.png`
  const id = (prefix: string) => `${prefix}_${suffix}`
  const verification = { status: 'verified' }
  const address = (kind: string) => ({
    id: id(`idn_${kind}`),
    email_address: keep(kind, email(kind)),
    verification,
  })
  // The same on every event, so that an update changes what it says and nothing else.
  const phoneNumber = `+1${randomInt(1e12, 9e12)}`
  const request = {
    client_ip: keep('client IP', `2001:db8:1:${groups}`),
    user_agent: keep('user-agent'),
  }

  const user = () => ({
    id: userId,
    external_id: keep('external-id'),
    username: keep('username'),
    first_name: keep('first-name'),
    last_name: keep('last-name'),
    image_url: keep('image', url('image')),
    profile_image_url: never('profile-image', url('profile-image')),
    primary_email_address_id: id('idn_email'),
    email_addresses: [address('email'), address('second-email')],
    primary_phone_number_id: id('idn_phone'),
    phone_numbers: [
      { id: id('idn_phone'), phone_number: keep('phone', phoneNumber), verification },
    ],
    primary_web3_wallet_id: id('idn_wallet'),
    web3_wallets: [{ id: id('idn_wallet'), web3_wallet: keep('wallet'), verification }],
    external_accounts: [
      {
        id: id('eac'),
        provider: 'oauth_google',
        provider_user_id: keep('account-id'),
        email_address: keep('account-email', email('account-email')),
        username: keep('account-username'),
        first_name: never('account-first-name'),
        avatar_url: never('account-avatar', url('account-avatar')),
        label: never('account-label'),
        verification,
      },
    ],
    saml_accounts: [{ id: id('samlacc'), email_address: keep('saml', email('saml')) }],
    enterprise_accounts: [
      {
        id: id('entacc'),
        provider_user_id: keep('enterprise-id'),
        email_address: keep('enterprise', email('enterprise')),
        first_name: never('enterprise-first-name'),
      },
    ],
    passkeys: [{ id: id('passkey'), name: never('passkey') }],
    public_metadata: { [keep('public-key')]: keep('public') },
    unsafe_metadata: { deep: [{ [keep('unsafe-key')]: keep('unsafe') }] },
    private_metadata: { [keep('private-key')]: keep('private') },
  })
  const payer = {
    id: id('cpayer'),
    user_id: userId,
    first_name: never('payer-first-name'),
    last_name: never('payer-last-name'),
    email: never('payer-email', email('payer-email')),
    image_url: never('payer-image', url('payer-image')),
    organization_id: '',
  }
  const message = {
    user_id: userId,
    to_email_address: never('mailed', email('mailed')),
    to_phone_number: never('texted', `+1${randomInt(1e12, 9e12)}`),
    subject: never('subject'),
    body: never('body'),
    body_plain: never('plain-body'),
    message: never('message'),
    data: { otp_code: never('code'), requested_by: never('requested-by') },
  }
  const membership = {
    public_metadata: { [keep('membership-key')]: keep('membership') },
    private_metadata: { secret: keep('membership-secret') },
    public_user_data: {
      user_id: userId,
      first_name: never('member-first-name'),
      identifier: never('member-identifier', email('member-identifier')),
      image_url: never('member-image', url('member-image')),
    },
  }
  const invitation = {
    inviter_id: null,
    public_inviter_data: null,
    public_metadata: { [keep('invitation-key')]: keep('invitation') },
    private_metadata: { secret: keep('invitation-secret') },
    url: `https://accounts.example.com/?ticket=${never('ticket')}`,
  }
  const session = () => ({
    user_id: userId,
    actor: { sub: keep('actor') },
    user: { ...user(), first_name: never('snapshot-first-name') },
    latest_activity: {
      ip_address: keep('session IP', `2001:db8:2:${groups}`),
      city: keep('city'),
      country: keep('country'),
      device_type: keep('device'),
      browser_name: keep('browser'),
      browser_version: keep('browser-version'),
    },
  })

  const ownData: { [entity: string]: () => { [field: string]: unknown } } = {
    user,
    session,
    organizationMembership: () => membership,
    organizationInvitation: () => invitation,
    email: () => message,
    sms: () => message,
    subscription: () => ({ payer, payer_id: payer.id }),
    subscriptionItem: () => ({ payer }),
    paymentAttempt: () => ({ payer }),
  }
  const otherRequest = {
    client_ip: never('other client IP', `2001:db8:3:${groups}`),
    user_agent: never('other-user-agent'),
  }
  const isRequestKept = (entity: string) => entity === 'user' || entity === 'session'

  return {
    userId,
    tag,
    kept,
    neverKept,
    id,
    text,
    keep,
    address,
    build(type, { id: entityId, data = {}, now = (clock += 1_000) }) {
      const [entity = ''] = type.split('.')
      const event = buildSample(type, { id: entityId, now })
      // A deletion event holds only the id.
      const own = type.endsWith('.deleted') ? {} : ownData[entity]?.()
      return {
        ...event,
        event_attributes: {
          http_request: isRequestKept(entity) ? request : otherRequest,
        },
        data: { ...event.data, ...own, ...data },
      }
    },
  }
}
