import basicAuth from '@fastify/basic-auth'
import type { Logger } from '@clerk-sync/ops'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyPluginCallback } from 'fastify'
import { isCrossSiteChange } from './cross-site.ts'
import { isLogin } from './login.ts'
import type { Login } from './login.ts'
import { securityHeaders } from './security-headers.ts'

export const boardPath = '/board'

export interface ConsoleDeps {
  readonly board: FastifyPluginCallback
  readonly login: Login
  readonly logger: Logger
}

/** The console: the board behind its login. The caller listens and closes. */
export function buildConsole(deps: ConsoleDeps): FastifyInstance {
  const app = Fastify({ requestTimeout: 15_000, forceCloseConnections: true })
  app.addHook('onRequest', async (_, reply) => void reply.headers(securityHeaders))
  app.setNotFoundHandler((_, reply) => reply.code(404).send({ error: 'not_found' }))
  void app.register((scope) => guardBoard(scope, deps))
  return app
}

// Hooks cover what is registered after them: the board comes last, with its files and its API.
async function guardBoard(scope: FastifyInstance, deps: ConsoleDeps): Promise<void> {
  await scope.register(basicAuth, {
    authenticate: { realm: 'clerk-sync' },
    validate(user, password, request, _reply, done) {
      if (isLogin(deps.login, user, password)) return done()
      deps.logger.warn({ ip: request.ip }, 'login refused')
      return done(new Error('wrong user or password'))
    },
  })
  scope.addHook('onRequest', async (request, reply) => {
    if (isCrossSiteChange(request)) await reply.code(403).send({ error: 'cross_site' })
  })
  scope.addHook('onRequest', scope.basicAuth)
  scope.get('/', (_, reply) => reply.redirect(boardPath))
  await scope.register(deps.board, { prefix: boardPath })
}
