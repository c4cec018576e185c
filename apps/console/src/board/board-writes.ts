import type { FastifyInstance, FastifyRequest } from 'fastify'
import { readsOnly } from '../browser-security.ts'
import type { ReplayRuns } from '../replay/replay-runs.ts'

// The only writes that the board may make. Events must come from Clerk: an edited or added job would
// be an event that Clerk never sent, and hidden data would be saved as the placeholder. An emptied
// queue loses events that Clerk does not send again. Single jobs and failed jobs can be removed.
const allowed = [
  '/api/queues/pause',
  '/api/queues/resume',
  '/api/queues/:queueName/pause',
  '/api/queues/:queueName/resume',
  '/api/queues/:queueName/promote',
  '/api/queues/:queueName/concurrency',
  '/api/queues/:queueName/rate-limit',
  '/api/queues/:queueName/rate-limit/release',
  '/api/queues/:queueName/:jobId/retry',
  '/api/queues/:queueName/:jobId/clean',
  '/api/queues/:queueName/:jobId/promote',
  '/api/queues/:queueName/:jobId/delay',
]
const retryAll = '/api/queues/:queueName/retry/:queueStatus'
const cleanAll = '/api/queues/:queueName/clean/:queueStatus'

/** Refuses all other writes of the board. "Retry all" runs as a replay, which suits a large queue. */
export function guardBoardWrites(scope: FastifyInstance, runs: ReplayRuns): void {
  scope.addHook('preHandler', async (request, reply) => {
    if (readsOnly(request)) return undefined
    if (!isAllowed(request)) {
      const error = { key: 'ERRORS.FORBIDDEN' }
      const message =
        'clerk-sync takes events from Clerk only: the board cannot change or add events, nor remove all waiting jobs.'
      return await reply.code(403).send({ error, message })
    }
    if (!isRoute(request, retryAll)) return undefined

    const replayed = Promise.withResolvers<void>()
    const input = { selection: {}, onReplayed: replayed.resolve }
    const ending = runs.start(input, request.operator)
    if (!ending) {
      const error = { key: 'ERRORS.INVALID_REQUEST_BODY' }
      return await reply
        .code(409)
        .send({ error, message: 'A replay is running already: see /replay.' })
    }
    // The page waits for the end of the jobs.
    await Promise.race([replayed.promise, ending])
    const { state, progress, problem } = runs.latest ?? (await ending)
    const { counts } = progress
    if (state !== 'failed' && state !== 'stopped' && counts.failed === 0) {
      return await reply.send({ retried: counts.replayed, skipped: counts.leftOut })
    }
    const error = { key: 'ERRORS.INTERNAL_SERVER_ERROR' }
    const message = `${counts.replayed} of ${counts.matched} replayed${problem ? `: ${problem}` : ''}. See /replay.`
    return await reply.code(500).send({ error, message })
  })
}

function isAllowed(request: FastifyRequest): boolean {
  if (allowed.some((route) => isRoute(request, route))) return true
  const { queueStatus } = request.params as { queueStatus?: string }
  return queueStatus === 'failed' && [retryAll, cleanAll].some((route) => isRoute(request, route))
}

// Compares the matched route, not the URL: a URL can be encoded, as in /empt%79.
function isRoute({ routeOptions }: FastifyRequest, route: string): boolean {
  return routeOptions.url?.endsWith(route) ?? false
}
