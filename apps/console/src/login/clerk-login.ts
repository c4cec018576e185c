import { createRedirect } from '@clerk/backend/internal'
import { clerkPlugin, getAuth } from '@clerk/fastify'
import type { ClerkFastifyOptions, VerifyTokenOptions } from '@clerk/fastify'
import type { Logger } from '@clerk-sync/ops/process'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { readsOnly } from '../cross-site.ts'
import { createBrake } from './throttle.ts'
import { renderNotAllowed, renderNotVerified, renderSessionOver } from './clerk-pages.ts'
import { isAllowed } from './is-allowed.ts'
import type { Allowed } from './is-allowed.ts'

export interface ClerkLogin {
  readonly kind: 'clerk'
  readonly publishableKey: string
  readonly secretKey: string
  readonly apiUrl: string
  /** The instance's public key: without it Clerk's API is asked for it once. */
  readonly jwtKey: string | undefined
  /** Where people sign in; undefined for the instance's own page. */
  readonly signInUrl: string | undefined
  /** Where browsers find the console. */
  readonly url: string
  readonly allowed: Allowed
}

// Without a session at all, or with one that has tasks left, the sign-in page is of use. For any
// other reason it would send people back at once, and they would go in circles.
const signedOutReasons = new Set([
  undefined,
  'session-token-and-uat-missing',
  'session-token-missing',
  'dev-browser-missing',
])

// Each of these has Clerk's API asked, and anyone may send them: the limit of requests is the whole
// instance's, and backfill and reconcile need it.
const handshakeParameters = ['__clerk_handshake', '__clerk_handshake_nonce']
const pausePerHandshakeMs = 250
const mostHandshakesWaiting = 20

/** Lets in who is signed in with Clerk and is among those who may. */
export async function guardByClerk(
  scope: FastifyInstance,
  login: ClerkLogin,
  logger: Logger,
): Promise<void> {
  const { origin, host, protocol } = new URL(login.url)
  const brake = createBrake({ pauseMs: pausePerHandshakeMs, mostWaiting: mostHandshakesWaiting })
  scope.addHook('onRequest', async (request, reply) => {
    if (!isHandshake(request) || (await brake.wait())) return undefined
    return await reply.code(429).send({ error: 'too_many_handshakes' })
  })
  scope.addHook('onRequest', async ({ headers }) => {
    // Clerk derives return addresses from these: whoever sends the request must not choose them.
    headers['x-forwarded-host'] = host
    headers['x-forwarded-proto'] = protocol.replace(':', '')
    // Only a browser's cookie counts. A machine token would be asked for at Clerk's API each time.
    delete headers.authorization
  })
  const options: ClerkFastifyOptions & Pick<VerifyTokenOptions, 'authorizedParties'> = {
    hookName: 'onRequest',
    publishableKey: login.publishableKey,
    secretKey: login.secretKey,
    apiUrl: login.apiUrl,
    ...(login.jwtKey ? { jwtKey: login.jwtKey } : {}),
    // A token that was issued for a sister domain is not for the board.
    authorizedParties: [origin],
    telemetry: { disabled: true },
  }
  await scope.register(clerkPlugin, options)
  scope.addHook('onRequest', async (request, reply) => {
    const auth = getAuth(request)
    if (!auth.userId) return await sendSignedOut(login, request, reply)
    if (!isAllowed(login.allowed, auth)) {
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
  // A redirect would not bring back what was sent.
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

// A request may name a whole address, with a host of its sender's choice.
function toOwnUrl(requested: string, ownUrl: string): URL {
  const { pathname, search } = new URL(requested, ownUrl)
  return Object.assign(new URL(ownUrl), { pathname, search })
}

function reasonIn(debugData: unknown): string | undefined {
  const data = debugData as { reason?: unknown } | undefined
  return typeof data?.reason === 'string' ? data.reason : undefined
}

function wantsPage({ headers }: FastifyRequest): boolean {
  const destination = headers['sec-fetch-dest']
  if (destination !== undefined) return destination === 'document'
  return headers.accept?.includes('text/html') ?? false
}
