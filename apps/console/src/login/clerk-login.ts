import { createRedirect } from '@clerk/backend/internal'
import { clerkPlugin, getAuth } from '@clerk/fastify'
import type { ClerkFastifyOptions, VerifyTokenOptions } from '@clerk/fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { readsOnly } from '../browser-security.ts'
import { wantsPage } from '../error-pages.ts'
import { createAttemptLimit } from './attempt-limit.ts'
import { renderNotAllowed, renderNotVerified, renderSessionOver } from './clerk-pages.ts'
import type { LoginReport } from './login.ts'

/** Who may use the console: these users, and these roles of one organization. */
interface Allowed {
  readonly users: readonly string[]
  readonly organization: string | undefined
  readonly roles: readonly string[]
}

export interface ClerkLogin {
  readonly kind: 'clerk'
  readonly publishableKey: string
  readonly secretKey: string
  readonly apiUrl: string
  /** The instance's public key; undefined: it is read once from Clerk's API. */
  readonly jwtKey: string | undefined
  /** The sign-in page; undefined: that of the instance. */
  readonly signInUrl: string | undefined
  /** The URL of the console in a browser. */
  readonly url: string
  readonly allowed: Allowed
}

/** The claims of a session token. */
interface Claims {
  readonly userId: string
  /** The organization that is active in the session. */
  readonly orgId?: string | null | undefined
  readonly orgRole?: string | null | undefined
}

// The sign-in page helps people without a session and those whose session has pending tasks. For any
// other reason it would send them back at once: an endless redirect.
const signedOutReasons = new Set([
  undefined,
  'session-token-and-uat-missing',
  'session-token-missing',
  'dev-browser-missing',
])

// Each handshake is a request to Clerk's API, and anyone can start one. The rate limit is that of the
// whole instance, which backfill and reconcile need.
const handshakeParameters = ['__clerk_handshake', '__clerk_handshake_nonce']
const handshakes = { perSecond: 4, burst: 4, mostWaiting: 20 }

/** Lets in users who are signed in with Clerk and allowed. */
export async function guardByClerk(
  scope: FastifyInstance,
  login: ClerkLogin,
  { logger, refused }: LoginReport,
): Promise<void> {
  const { origin, host, protocol } = new URL(login.url)
  const limit = createAttemptLimit(handshakes)
  scope.addHook('onRequest', async (request, reply) => {
    if (!isHandshake(request) || (await limit.take(request))) return undefined
    refused.add('too_many', request.ip)
    return await reply.code(429).send({ error: 'too_many_handshakes' })
  })
  scope.addHook('onRequest', async ({ headers }) => {
    // Clerk's library derives return URLs from these headers: the sender must not choose them.
    headers['x-forwarded-host'] = host
    headers['x-forwarded-proto'] = protocol.replace(':', '')
    // Only the cookie of a browser counts. A machine token would cost a request to Clerk's API.
    delete headers.authorization
  })
  const options: ClerkFastifyOptions & Pick<VerifyTokenOptions, 'authorizedParties'> = {
    hookName: 'onRequest',
    publishableKey: login.publishableKey,
    secretKey: login.secretKey,
    apiUrl: login.apiUrl,
    ...(login.jwtKey ? { jwtKey: login.jwtKey } : {}),
    // A token that was issued for another subdomain is not valid for the board.
    authorizedParties: [origin],
    telemetry: { disabled: true },
  }
  await scope.register(clerkPlugin, options)
  scope.addHook('onRequest', async (request, reply) => {
    const auth = getAuth(request)
    if (!auth.userId) return await sendSignedOut(login, request, reply)
    if (!isAllowed(login.allowed, auth)) {
      refused.add('not_allowed', request.ip)
      logger.warn({ userId: auth.userId }, 'signed in with Clerk, but not allowed')
      reply.code(403)
      if (!wantsPage(request)) return await reply.send({ error: 'not_allowed' })
      const { userId, orgId, orgRole } = auth
      return await reply.type('text/html').send(renderNotAllowed({ userId, orgId, orgRole }))
    }
    request.operator = auth.userId
    return undefined
  })
}

function isAllowed(allowed: Allowed, { userId, orgId, orgRole }: Claims): boolean {
  if (allowed.users.includes(userId)) return true
  // Everybody can be the admin of their own organization: roles count in this organization only.
  if (allowed.organization === undefined || orgId !== allowed.organization) return false
  return !!orgRole && allowed.roles.includes(orgRole)
}

function isHandshake({ url, headers }: FastifyRequest): boolean {
  const { searchParams } = new URL(url, 'http://own')
  const cookies = headers.cookie ?? ''
  return handshakeParameters.some((name) => searchParams.has(name) || cookies.includes(name))
}

async function sendSignedOut(
  login: ClerkLogin,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  if (!wantsPage(request)) return await reply.code(401).send({ error: 'signed_out' })
  // A redirect would lose the body.
  if (!readsOnly(request)) {
    return await reply.code(401).type('text/html').send(renderSessionOver())
  }
  const { debug, sessionStatus } = getAuth(request)
  const reason = reasonIn(debug())
  const { redirectToSignIn } = createRedirect({
    publishableKey: login.publishableKey,
    ...(login.signInUrl ? { signInUrl: login.signInUrl } : {}),
    baseUrl: login.url,
    redirectAdapter: (url) => url,
    sessionStatus: sessionStatus ?? null,
  })
  const signIn = redirectToSignIn({ returnBackUrl: toOwnUrl(request.url, login.url) })
  if (signedOutReasons.has(reason)) return await reply.redirect(signIn)
  return await reply.code(401).type('text/html').send(renderNotVerified({ reason, signIn }))
}

// The request line may hold a whole URL, with any host.
function toOwnUrl(requested: string, ownUrl: string): URL {
  const { pathname, search } = new URL(requested, ownUrl)
  return Object.assign(new URL(ownUrl), { pathname, search })
}

function reasonIn(debugData: unknown): string | undefined {
  const data = debugData as { reason?: unknown } | undefined
  return typeof data?.reason === 'string' ? data.reason : undefined
}
