import type { Logger } from '@clerk-sync/ops/process'
import type { FastifyInstance } from 'fastify'
import type { ClerkLogin } from './clerk-login.ts'
import { guardByPassword } from './password-login.ts'
import type { PasswordLogin } from './password-login.ts'

/** The one way in. */
export type Login = PasswordLogin | ClerkLogin

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is logged in: the user of the password, or the id of Clerk's user. */
    operator: string
  }
}

/** Lets only those through to what is registered in this scope afterwards who may see it. */
export async function guard(scope: FastifyInstance, login: Login, logger: Logger): Promise<void> {
  scope.decorateRequest('operator', '')
  if (login.kind === 'password') return await guardByPassword(scope, login, logger)
  // Half a second of loading that a password does not need.
  const { guardByClerk } = await import('./clerk-login.ts')
  return await guardByClerk(scope, login, logger)
}
