import type { FastifyInstance } from 'fastify'
import type { ReplayRuns } from './replay/replay-runs.ts'

// Events come from Clerk alone: an edited copy of one would be an event that never was, and what is
// hidden would be written back as it is shown. Emptied queues lose events that Clerk does not send
// again; single jobs and failed ones can be removed.
const refused = /\/(add|update-data|empty|obliterate)$|\/job-schedulers\//
const retryFailed = /\/api\/queues\/[^/]+\/retry\/failed$/

/** Refuses what the board must not do, and does its "retry all" in a way that a large queue stands. */
export function guardBoardWrites(scope: FastifyInstance, runs: ReplayRuns): void {
  scope.addHook('preHandler', async (request, reply) => {
    if (request.method === 'GET' || request.method === 'HEAD') return undefined
    const [path = ''] = request.url.split('?', 1)
    if (refused.test(path)) {
      const error = { key: 'ERRORS.FORBIDDEN' }
      const message = 'clerk-sync does not change events: it takes them from Clerk alone.'
      return await reply.code(403).send({ error, message })
    }
    if (!retryFailed.test(path)) return undefined

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
