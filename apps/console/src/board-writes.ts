import type { FastifyInstance, FastifyRequest } from 'fastify'
import { readsOnly } from './cross-site.ts'
import type { ReplayRuns } from './replay/replay-runs.ts'

// All that the board may do. Events come from Clerk alone: an edited copy of one would be an event
// that never was, and what is hidden would be written back as it is shown. Emptied queues lose events
// that Clerk does not send again; single jobs and failed ones can be removed.
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

/** Refuses what the board must not do, and does its "retry all" in a way that a large queue stands. */
export function guardBoardWrites(scope: FastifyInstance, runs: ReplayRuns): void {
  scope.addHook('preHandler', async (request, reply) => {
    if (readsOnly(request)) return undefined
    if (!isAllowed(request)) {
      const error = { key: 'ERRORS.FORBIDDEN' }
      const message =
        'clerk-sync takes events from Clerk alone: the board does not change them, nor remove all that wait.'
      return await reply.code(403).send({ error, message })
    }
    if (!isRoute(request, retryAll)) return undefined

    const ending = runs.start({}, request.operator)
    if (!ending) {
      const error = { key: 'ERRORS.INVALID_REQUEST_BODY' }
      return await reply.code(409).send({ error, message: 'A replay is under way: see /replay.' })
    }
    const { state, counts, problem } = await ending
    if (state === 'done' && counts.failed === 0) {
      return await reply.send({ retried: counts.replayed, skipped: 0 })
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

// The route that was found, not the address: one route has many spellings, as in /empt%79.
function isRoute({ routeOptions }: FastifyRequest, route: string): boolean {
  return routeOptions.url?.endsWith(route) ?? false
}
