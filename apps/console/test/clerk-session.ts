import { createSign, generateKeyPairSync } from 'node:crypto'
import type { ClerkLogin } from '../src/login/clerk-login.ts'

const frontendApi = 'clerk.example.com'
export const boardUrl = 'https://board.example.com'
const operator = 'user_operator'
export const organization = 'org_operations'

const keys = generateKeyPairSync('rsa', { modulusLength: 2_048 })
const foreignKeys = generateKeyPairSync('rsa', { modulusLength: 2_048 })

/** A login whose tokens are verified with the key of this test alone: nothing is asked of Clerk. */
export const clerkLogin: ClerkLogin = {
  kind: 'clerk',
  publishableKey: `pk_live_${Buffer.from(`${frontendApi}$`).toString('base64')}`,
  secretKey: 'sk_live_test',
  apiUrl: 'http://127.0.0.1:1',
  jwtKey: keys.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  signInUrl: undefined,
  url: boardUrl,
  allowed: { users: [operator], organization, roles: ['org:operator'] },
}

export interface SessionToken {
  readonly userId?: string
  /** The active organization, and the role in it. */
  readonly member?: { organization: string; role: string }
  readonly expiredForSeconds?: number
  readonly origin?: string
  readonly isPending?: boolean
  readonly isForeign?: boolean
}

/** A session token as Clerk issues them, in its second version. */
export function signSessionToken(of: SessionToken): string {
  const { userId = operator, member, expiredForSeconds, origin = boardUrl } = of
  const now = Math.floor(Date.now() / 1_000)
  const issuedAt = expiredForSeconds === undefined ? now - 5 : now - 60 - expiredForSeconds
  const claims = {
    azp: origin,
    exp: issuedAt + 60,
    iat: issuedAt,
    nbf: issuedAt - 10,
    iss: `https://${frontendApi}`,
    jti: '1234',
    sid: 'sess_1',
    sts: of.isPending ? 'pending' : 'active',
    sub: userId,
    v: 2,
    ...(member && {
      o: { id: member.organization, rol: member.role.replace('org:', ''), slg: 'x' },
    }),
  }
  const [header, payload] = [{ alg: 'RS256', kid: 'ins_1', typ: 'JWT' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  )
  const { privateKey } = of.isForeign ? foreignKeys : keys
  const signature = createSign('RSA-SHA256').update(`${header}.${payload}`).sign(privateKey)
  return `${header}.${payload}.${signature.toString('base64url')}`
}

/** The cookies of a real browser that is signed in with this token on this address. */
export function sessionCookies(url: string, token: SessionToken = {}) {
  const session = signSessionToken({ origin: url, ...token })
  return [
    { name: '__client_uat', value: '1700000000', url },
    { name: '__session', value: session, url },
  ]
}

/** The headers of a browser that is signed in with this token. */
export function signedIn(token: SessionToken): { cookie: string } {
  const signedInAt = Math.floor(Date.now() / 1_000) - 600
  return { cookie: `__client_uat=${signedInAt}; __session=${signSessionToken(token)}` }
}
