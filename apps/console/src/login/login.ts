import { createHash, timingSafeEqual } from 'node:crypto'
import basicAuth from '@fastify/basic-auth'
import type { Logger } from '@clerk-sync/ops/process'
import type { FastifyInstance } from 'fastify'
import { createAttemptLimit } from './attempt-limit.ts'
import type { ClerkLogin } from './clerk-login.ts'
import { createKnownBrowsers } from './known-browser.ts'
import type { RefusedLogins } from './refused-logins.ts'

interface PasswordLogin {
  readonly kind: 'password'
  readonly user: string
  readonly password: string
}

// A guess beyond the limit is not compared: the answer to it tells nothing about the password.
const guesses = { perSecond: 20, burst: 20, mostWaiting: 500 }

/** The one way to log in. */
export type Login = PasswordLogin | ClerkLogin

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is logged in: the user of the password, or the id of Clerk's user. */
    operator: string
  }
}

/** What a login tells about itself. */
export interface LoginReport {
  readonly logger: Logger
  readonly refused: RefusedLogins
}

/** Protects everything that is registered in this scope afterwards. */
export async function guard(
  scope: FastifyInstance,
  login: Login,
  report: LoginReport,
): Promise<void> {
  scope.decorateRequest('operator', '')
  if (login.kind === 'password') return await guardByPassword(scope, login, report)
  // Loading Clerk's library takes half a second, which a login with a password does not need.
  const { guardByClerk } = await import('./clerk-login.ts')
  return await guardByClerk(scope, login, report)
}

/** HTTP basic authentication of every request. */
async function guardByPassword(
  scope: FastifyInstance,
  login: PasswordLogin,
  { refused }: LoginReport,
): Promise<void> {
  const limit = createAttemptLimit(guesses)
  const browsers = createKnownBrowsers()
  await scope.register(basicAuth, {
    authenticate: { realm: 'clerk-sync' },
    async validate(user, password, request, reply) {
      const { ip, socket, headers } = request
      const browser = browsers.find(headers)
      if (!browser && !(await limit.take({ ip, socket }))) {
        refused.add('too_many', ip)
        reply.header('retry-after', '5')
        throw Object.assign(new Error('too many guesses: try again'), { statusCode: 429 })
      }
      if (!isLogin(login, user, password)) {
        refused.add('wrong_password', ip)
        if (browser) browsers.addMistake(browser)
        throw new Error('wrong user or password')
      }
      request.operator = user
      if (browser) return
      limit.giveBack({ ip, socket })
      reply.header('set-cookie', browsers.createCookie(headers))
    },
  })
  scope.addHook('onRequest', scope.basicAuth)
  // A cache may keep the files of the board, and must not give one browser's cookie to others.
  scope.addHook('onSend', async (_, reply) => {
    if (reply.getHeader('cache-control') !== 'no-store') reply.removeHeader('set-cookie')
  })
}

/** Compares in constant time. */
function isLogin(
  expected: { readonly user: string; readonly password: string },
  user: string,
  password: string,
): boolean {
  const isUser = isEqual(expected.user, user)
  const isPassword = isEqual(expected.password, password)
  return isUser && isPassword
}

// timingSafeEqual needs buffers of one length, and digests have one.
function isEqual(expected: string, given: string): boolean {
  return timingSafeEqual(digest(expected), digest(given))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
