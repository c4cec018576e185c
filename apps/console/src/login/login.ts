import { createHash, timingSafeEqual } from 'node:crypto'
import basicAuth from '@fastify/basic-auth'
import type { Logger } from '@clerk-sync/ops/process'
import type { FastifyInstance } from 'fastify'
import type { ClerkLogin } from './clerk-login.ts'
import { createThrottle } from './throttle.ts'

interface PasswordLogin {
  readonly kind: 'password'
  readonly user: string
  readonly password: string
}

// Limits the work and the log lines that wrong passwords cause. It does not stop guessing: the right
// password must never wait, so every guess is compared first. Only a random password stops guessing.
const pausePerGuessMs = 200
const mostGuessesWaiting = 20

/** The one way to log in. */
export type Login = PasswordLogin | ClerkLogin

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is logged in: the user of the password, or the id of Clerk's user. */
    operator: string
  }
}

/** Protects everything that is registered in this scope afterwards. */
export async function guard(scope: FastifyInstance, login: Login, logger: Logger): Promise<void> {
  scope.decorateRequest('operator', '')
  if (login.kind === 'password') return await guardByPassword(scope, login, logger)
  // Loading Clerk's library takes half a second, which a login with a password does not need.
  const { guardByClerk } = await import('./clerk-login.ts')
  return await guardByClerk(scope, login, logger)
}

/** HTTP basic authentication of every request. */
async function guardByPassword(
  scope: FastifyInstance,
  login: PasswordLogin,
  logger: Logger,
): Promise<void> {
  const throttle = createThrottle({ pauseMs: pausePerGuessMs, mostWaiting: mostGuessesWaiting })
  await scope.register(basicAuth, {
    authenticate: { realm: 'clerk-sync' },
    async validate(user, password, request) {
      if (isLogin(login, user, password)) {
        request.operator = user
        return
      }
      if (await throttle.wait()) {
        logger.warn({ ip: request.ip }, 'login refused')
        throw new Error('wrong user or password')
      }
      throw Object.assign(new Error('too many guesses: wait a little'), { statusCode: 429 })
    },
  })
  scope.addHook('onRequest', scope.basicAuth)
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
