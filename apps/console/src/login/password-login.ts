import { createHash, timingSafeEqual } from 'node:crypto'
import basicAuth from '@fastify/basic-auth'
import type { Logger } from '@clerk-sync/ops/process'
import type { FastifyInstance } from 'fastify'
import { createBrake } from './throttle.ts'

export interface PasswordLogin {
  readonly kind: 'password'
  readonly user: string
  readonly password: string
}

// Wrong ones in a row are no burden. It is no limit for many at once: what is refused at once was a
// guess as well, since the right password must never wait. Against those it must be random.
const pausePerGuessMs = 200
const mostGuessesWaiting = 20

/** Asks for the user and the password with every request, as browsers send them. */
export async function guardByPassword(
  scope: FastifyInstance,
  login: PasswordLogin,
  logger: Logger,
): Promise<void> {
  const brake = createBrake({ pauseMs: pausePerGuessMs, mostWaiting: mostGuessesWaiting })
  await scope.register(basicAuth, {
    authenticate: { realm: 'clerk-sync' },
    async validate(user, password, request) {
      if (isLogin(login, user, password)) {
        request.operator = user
        return
      }
      if (await brake.wait()) {
        logger.warn({ ip: request.ip }, 'login refused')
        throw new Error('wrong user or password')
      }
      throw Object.assign(new Error('too many guesses: wait a little'), { statusCode: 429 })
    },
  })
  scope.addHook('onRequest', scope.basicAuth)
}

/** Compares in a time that tells nothing about either. */
function isLogin(
  expected: { readonly user: string; readonly password: string },
  user: string,
  password: string,
): boolean {
  const isUser = isEqual(expected.user, user)
  const isPassword = isEqual(expected.password, password)
  return isUser && isPassword
}

// Digests have one length, whatever was typed.
function isEqual(expected: string, given: string): boolean {
  return timingSafeEqual(digest(expected), digest(given))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
