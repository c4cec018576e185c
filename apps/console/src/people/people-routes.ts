import { longestId } from '@clerk-sync/events'
import { errorMessage } from '@clerk-sync/ops'
import { findConcernedJobs } from '@clerk-sync/queue'
import type { ConcernedJobs, OpenQueue } from '@clerk-sync/queue'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import { concernOf, isAddress, lookUp } from '@clerk-sync/sync'
import type { LookUp } from '@clerk-sync/sync'
import type { FastifyInstance } from 'fastify'
import { databaseMissing, databaseProblem, fieldsOf } from '../events/events-routes.ts'
import type { TablesDeps } from '../events/events-routes.ts'
import { peoplePath } from '../render-page.ts'
import { renderPeoplePage } from './render-person.ts'

const rowsShown = 50
// Somebody waits for the page.
const jobLimits = { most: 2_000, timeoutMs: 2_000 }

const addressHidden =
  'An address is personal data: searching by one needs BOARD_SHOW_DATA=true. Search by id here, or by address with clerk-sync person in a terminal.'

/** The page that shows all that is known of a person. */
export function servePeople(scope: FastifyInstance, deps: TablesDeps): void {
  const { db, queue, logger, showData } = deps
  const queueName = bullQueueOf(queue).name
  scope.get(peoplePath, async (request, reply) => {
    const query = (fieldsOf(request.url).get('q') ?? '').trim().slice(0, longestId)
    const isHidden = isAddress(query) && !showData
    const shown = { query: isHidden ? '' : query, showData, queueName }
    const send = (status: number, of: Partial<Parameters<typeof renderPeoplePage>[0]>) =>
      reply
        .code(status)
        .type('text/html')
        .send(renderPeoplePage({ ...shown, ...of }))
    if (!db) return await send(503, { problem: databaseMissing })
    if (isHidden) return await send(403, { problem: addressHidden })
    if (query === '') return await send(200, {})
    const { operator } = request
    // Whoever asks for a person is known afterwards, whatever the answer is. An address stays out of the log.
    const asked = isAddress(query) ? { operator, byAddress: true } : { operator, id: query }
    let known: LookUp
    try {
      known = await lookUp(db, query, { limit: rowsShown, showValues: showData })
    } catch (error) {
      logger.info({ ...asked, error }, 'a person could not be looked up on the console')
      return await send(503, { problem: databaseProblem(error) })
    }
    const found = known.found.map(({ id }) => id)
    logger.info({ ...asked, found }, 'a person was looked up on the console')
    const jobs = await findJobs(queue, known)
    const isKnown = found.length > 0 || ('jobs' in jobs && jobs.jobs.length > 0)
    return await send(isKnown ? 200 : 404, { known, jobs })
  })
}

/** The failed jobs, or why they could not be read. */
export type FoundJobs = ConcernedJobs | { readonly problem: string }

// The tables answer most of the question, also while the queue does not.
async function findJobs(queue: OpenQueue, known: LookUp): Promise<FoundJobs> {
  try {
    return await findConcernedJobs(queue, concernOf(known), jobLimits)
  } catch (error) {
    return { problem: errorMessage(error) }
  }
}
