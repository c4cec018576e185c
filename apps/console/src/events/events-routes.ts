import { isTooSlow, outcomes, readLedger } from '@clerk-sync/db'
import type { Database, LedgerPosition } from '@clerk-sync/db'
import { longestId } from '@clerk-sync/events'
import { errorMessage } from '@clerk-sync/ops'
import type { Logger } from '@clerk-sync/ops/process'
import type { OpenQueue } from '@clerk-sync/queue'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import type { FastifyInstance } from 'fastify'
import { eventsPath } from '../render-page.ts'
import { toSelection } from '../replay/replay-form.ts'
import { renderEventsPage } from './render-events.ts'

/** What the pages that read the tables need. */
export interface TablesDeps {
  /** Undefined without DATABASE_URL. */
  readonly db: Database | undefined
  readonly queue: OpenQueue
  readonly logger: Logger
  /** Whether personal data is shown. */
  readonly showData: boolean
}

/** What stands in the form, as it was typed. */
export interface EventsForm {
  readonly id: string
  readonly type: string
  readonly outcome: string
  readonly from: string
  readonly to: string
}

const eventsOnPage = 50

/** The page that lists the ledger. */
export function serveEvents(scope: FastifyInstance, { db, queue, logger }: TablesDeps): void {
  scope.get(eventsPath, async (request, reply) => {
    const fields = fieldsOf(request.url)
    const form = readForm(fields)
    const shown = {
      form,
      page: undefined,
      olderHref: undefined,
      queueName: bullQueueOf(queue).name,
    }
    const send = (status: number, problem: string) =>
      reply
        .code(status)
        .type('text/html')
        .send(renderEventsPage({ ...shown, problem }))
    if (!db) return await send(503, databaseMissing)
    const { from, to } = form
    const read = toSelection({ types: [], reason: '', from, to, includeInvalid: false })
    if (!read.ok) return await send(400, `${read.problem}.`)
    if (form.id !== '') {
      logger.info(
        { operator: request.operator, id: form.id },
        'events of an id read on the console',
      )
    }
    const { since, until } = read.selection
    const filter = {
      id: form.id || undefined,
      type: form.type || undefined,
      outcome: form.outcome || undefined,
      since: toDate(since),
      until: toDate(until),
    }
    try {
      const after = readPosition(fields.get('before') ?? '')
      const page = await readLedger(db, filter, { limit: eventsOnPage, showValues: false, after })
      const olderHref = page.next && hrefBefore(form, page.next)
      const body = renderEventsPage({ ...shown, page, olderHref, problem: undefined })
      return await reply.type('text/html').send(body)
    } catch (error) {
      return await send(503, databaseProblem(error))
    }
  })
}

/** What a page says where DATABASE_URL is not set. */
export const databaseMissing =
  'This page reads the tables. Set DATABASE_URL for the console, with the role clerk_sync_cli (docs/deploy.md), and restart it.'

/** Why the tables can't be read, as a sentence. */
export function databaseProblem(error: unknown): string {
  return isTooSlow(error)
    ? 'PostgreSQL took longer than 5 s, so the search was given up. Ask for less: a shorter time, or one id.'
    : `The tables can't be read now: ${errorMessage(error)}.`
}

/** The fields in the query of a URL. */
export function fieldsOf(url: string): URLSearchParams {
  const at = url.indexOf('?')
  return new URLSearchParams(at < 0 ? '' : url.slice(at))
}

function readForm(fields: URLSearchParams): EventsForm {
  const text = (name: string) => (fields.get(name) ?? '').trim().slice(0, longestId)
  const outcome = text('outcome')
  return {
    id: text('id'),
    type: text('type'),
    outcome: outcomes.some((name) => name === outcome) ? outcome : '',
    from: text('from'),
    to: text('to'),
  }
}

const toDate = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms))

function hrefBefore(form: EventsForm, { receivedAt, id }: LedgerPosition): string {
  const set = Object.entries(form).filter(([, value]) => value !== '')
  const fields = new URLSearchParams([...set, ['before', `${receivedAt.getTime()}.${id}`]])
  return `${eventsPath}?${fields.toString()}`
}

// A position that nobody made begins at the newest.
function readPosition(text: string): LedgerPosition | undefined {
  const [, ms, id] = /^(\d{1,14})\.(.{1,500})$/s.exec(text) ?? []
  return ms === undefined || id === undefined ? undefined : { receivedAt: new Date(Number(ms)), id }
}
