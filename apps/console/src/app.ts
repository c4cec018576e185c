import type { Logger } from '@clerk-sync/ops/process'
import type { OpenQueue } from '@clerk-sync/queue'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyPluginCallback } from 'fastify'
import { adjustBoardPage } from './board-page.ts'
import { guardBoardWrites } from './board-writes.ts'
import { isCrossSiteChange, readsOnly } from './cross-site.ts'
import { guard } from './login/login.ts'
import type { Login } from './login/login.ts'
import { serveStaticFiles } from './pages/static-files.ts'
import type { ReplayRuns } from './replay/replay-runs.ts'
import { serveReplay } from './replay/replay-routes.ts'
import { securityHeaders } from './security-headers.ts'

export const boardPath = '/board'

export interface ConsoleDeps {
  readonly board: FastifyPluginCallback
  readonly login: Login
  readonly logger: Logger
  readonly queue: OpenQueue
  readonly runs: ReplayRuns
}

/** The console: the board and the replay page behind their login. The caller listens and closes. */
export function buildConsole(deps: ConsoleDeps): FastifyInstance {
  const app = Fastify({ requestTimeout: 15_000, forceCloseConnections: true })
  app.addHook('onRequest', async (_, reply) => void reply.headers(securityHeaders))
  app.setNotFoundHandler((_, reply) => reply.code(404).send({ error: 'not_found' }))
  serveStaticFiles(app)
  void app.register((scope) => servePrivately(scope, deps))
  return app
}

// Hooks cover what is registered after them: the pages come last, with their files and their API.
async function servePrivately(scope: FastifyInstance, deps: ConsoleDeps): Promise<void> {
  const { login, logger, runs, queue } = deps
  scope.addHook('onRequest', async (request, reply) => {
    if (isCrossSiteChange(request)) await reply.code(403).send({ error: 'cross_site' })
  })
  await guard(scope, login, logger)
  scope.addHook('onResponse', async (request, { statusCode: status }) => {
    const { operator, method } = request
    // Whoever is not logged in changes nothing, and would choose what is written here.
    if (operator === '' || readsOnly(request)) return
    const [path] = request.url.split('?', 1)
    logger.info({ operator, method, path, status }, 'change on the console')
  })
  scope.get('/', (_, reply) => reply.redirect(boardPath))
  serveReplay(scope, { queue, runs, boardPath })
  await scope.register(async (boardScope) => {
    adjustBoardPage(boardScope, { hasSessions: login.kind === 'clerk' })
    guardBoardWrites(boardScope, runs)
    await boardScope.register(deps.board, { prefix: boardPath })
  })
}
