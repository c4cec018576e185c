import { limitConnections } from '@clerk-sync/ops/process'
import type { Database } from '@clerk-sync/db'
import type { Logger } from '@clerk-sync/ops/process'
import type { OpenQueue } from '@clerk-sync/queue'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyPluginCallback } from 'fastify'
import { adjustBoardPage } from './board/board.ts'
import { guardBoardWrites } from './board/board-writes.ts'
import { isCrossSiteChange, readsOnly, securityHeaders } from './browser-security.ts'
import { serveErrors } from './error-pages.ts'
import { refuseBadRequests, refusesSafely } from './http-errors.ts'
import { acceptForms } from './forms.ts'
import { serveEvents } from './events/events-routes.ts'
import { guard } from './login/login.ts'
import type { Login } from './login/login.ts'
import { createFailedSection } from './home/failed-section.ts'
import { createHealthSection } from './home/health-section.ts'
import { serveHome } from './home/home-routes.ts'
import { createNowSection } from './home/now-section.ts'
import type { HomeSection } from './home/home-routes.ts'
import type { RefusedLogins } from './login/refused-logins.ts'
import { servePeople } from './people/people-routes.ts'
import { boardPath } from './render-page.ts'
import type { ReplayRuns } from './replay/replay-runs.ts'
import { serveReplay } from './replay/replay-routes.ts'
import { serveSync } from './sync/sync-routes.ts'
import type { SyncRuns } from './sync/sync-runs.ts'
import { createSyncSection } from './sync/sync-section.ts'
import { createSyncedSection } from './sync/synced-section.ts'
import type { SyncedReader } from './sync/synced-state.ts'
import { serveStaticFiles } from './static-files.ts'

// Those that wait to have a password compared, and the browsers of operators.
const maxConnections = 1_000
// An operator's forms are small.
const bodyLimitBytes = 64 * 1024

export interface ConsoleDeps {
  readonly board: FastifyPluginCallback
  /** The database of the tables; undefined without DATABASE_URL. */
  readonly db: Database | undefined
  readonly login: Login
  readonly logger: Logger
  readonly queue: OpenQueue
  readonly refused: RefusedLogins
  readonly runs: ReplayRuns
  /** Whether personal data is shown. */
  readonly showData: boolean
  /** Absent without a database. */
  readonly synced: SyncedReader | undefined
  /** Absent without a database, or a secret key of Clerk. */
  readonly syncRuns: SyncRuns | undefined
}

/** The console: its pages and the board behind their login. The caller listens and closes. */
export function buildConsole(deps: ConsoleDeps): FastifyInstance {
  const app = Fastify({ ...refusesSafely, bodyLimit: bodyLimitBytes, forceCloseConnections: true })
  limitConnections(app.server, { max: maxConnections })
  app.addHook('onRequest', async (_, reply) => void reply.headers(securityHeaders))
  refuseBadRequests(app)
  serveErrors(app, deps.logger)
  serveStaticFiles(app)
  void app.register((scope) => servePrivately(scope, deps))
  return app
}

// A hook covers only what is registered after it: the pages come last.
async function servePrivately(scope: FastifyInstance, deps: ConsoleDeps): Promise<void> {
  const { login, logger, refused, runs, queue } = deps
  scope.addHook('onRequest', async (request, reply) => {
    if (isCrossSiteChange(request)) await reply.code(403).send({ error: 'cross_site' })
  })
  await guard(scope, login, { logger, refused })
  scope.addHook('onResponse', async (request, { statusCode: status }) => {
    const { operator, method } = request
    // A stranger changes nothing, and must not choose what the log says.
    if (operator === '' || readsOnly(request)) return
    const [path] = request.url.split('?', 1)
    logger.info({ operator, method, path, status }, 'change on the console')
  })
  acceptForms(scope)
  const sections = [createHealthSection, createNowSection, createFailedSection]
  serveHome(scope, {
    logger,
    queue,
    sections: [...sections.map((create) => create(queue)), ...syncedSections(deps)],
  })
  if (deps.synced && deps.syncRuns) {
    serveSync(scope, { reader: deps.synced, runs: deps.syncRuns })
  }
  servePeople(scope, deps)
  serveEvents(scope, deps)
  serveReplay(scope, { queue, runs })
  await scope.register(async (boardScope) => {
    adjustBoardPage(boardScope, { hasSessions: login.kind === 'clerk' })
    guardBoardWrites(boardScope, runs)
    await boardScope.register(deps.board, { prefix: boardPath })
  })
}

function syncedSections({ synced, syncRuns }: ConsoleDeps): HomeSection[] {
  if (!synced) return []
  return [createSyncSection(synced, syncRuns), createSyncedSection(synced)]
}
