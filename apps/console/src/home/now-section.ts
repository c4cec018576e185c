import { shareReading } from '@clerk-sync/ops/metrics'
import { createFiguresReader, readQueueDepth, watchOldestWaiting } from '@clerk-sync/queue'
import type { OpenQueue, QueueDepth } from '@clerk-sync/queue'
import { html } from '../html.ts'
import type { Html, Part } from '../html.ts'
import { duration, number, rate, seconds, table } from '../page-parts.ts'
import type { HomeSection } from './home-routes.ts'
import { renderPlots } from './plots.ts'
import { eventOutcomes, refusalsOf, summarize } from './summarize.ts'
import type { Minutes, Summary } from './summarize.ts'

const spans = [
  ['5 minutes', 5],
  ['hour', 60],
  ['day', 24 * 60],
] as const

/** How much happens and how fast: now, in the last hour and in the last day. */
export function createNowSection(queue: OpenQueue): HomeSection {
  const readFigures = createFiguresReader(queue)
  const readAge = watchOldestWaiting(queue)
  const readQueue = shareReading(async () => {
    const [depth, oldestMs] = await Promise.all([readQueueDepth(queue), readAge()])
    return { ...depth, oldestMs }
  })
  // Many open pages are one reading.
  let reading: Promise<Minutes> | undefined
  const read = () => {
    reading ??= readFigures().finally(() => {
      reading = undefined
    })
    return reading
  }
  return {
    id: 'now',
    title: 'Now',
    async render() {
      const [minutes, depth] = await Promise.all([read(), readQueue()])
      const now = Date.now()
      const minute = Math.floor(now / 60_000)
      const summaries = spans.map(([, length]) =>
        summarize(minutes, {
          since: minute - length + 1,
          until: minute + 1,
          seconds: (length - 1) * 60 + ((now / 1_000) % 60),
        }),
      )
      return html`${renderTiles(summaries, depth)} ${renderPlots(minutes, minute)}
      ${renderTable(summaries)} ${renderRefusals(summaries)}`
    },
  }
}

interface Depth extends QueueDepth {
  readonly oldestMs: number
}

function renderTiles(summaries: readonly Summary[], depth: Depth | undefined): Html {
  const [recent] = summaries
  if (!recent) return html``
  return html`<dl class="tiles">
    ${tile('Events per second', rate(recent.perSecond), 'last 5 minutes')}
    ${tile('Ack, half within', seconds(recent.ack.p50), `99% within ${seconds(recent.ack.p99)}`)}
    ${tile(
      'Event to row, half within',
      seconds(recent.eventToRow.p50),
      `99% within ${seconds(recent.eventToRow.p99)}`,
    )}
    ${tile(
      'Waiting jobs',
      depth ? number(depth.waiting) : 'unknown',
      depth && depth.waiting > 0
        ? `the oldest for ${duration(depth.oldestMs)}`
        : 'the queue is empty',
    )}
    ${tile(
      'Jobs between attempts',
      depth ? number(depth.delayed) : 'unknown',
      depth ? `${number(depth.active)} in a worker now` : '',
    )}
  </dl>`
}

const tile = (title: string, value: string, more: string) =>
  html`<div>
    <dt>${title}</dt>
    <dd>${value}</dd>
    <dd class="muted">${more}</dd>
  </div>`

function renderTable(summaries: readonly Summary[]): Html {
  const row = (name: Part, read: (summary: Summary) => string): Part[] => [
    name,
    ...summaries.map(read),
  ]
  return table({
    label: 'Events and deliveries',
    columns: [{ title: 'In the last' }, ...spans.map(([title]) => ({ title, isNumber: true }))],
    rows: [
      row('Events per second', ({ perSecond }) => rate(perSecond)),
      row('Events', ({ events }) => number(events)),
      ...eventOutcomes.map((outcome) =>
        row(html`<span class="indent">${outcome}</span>`, ({ outcomes }) =>
          number(outcomes[outcome]),
        ),
      ),
      row('Event to row: 50%, 99% within', ({ eventToRow }) => both(eventToRow)),
      row('Attempts that failed and are made again', ({ retried }) => number(retried)),
      row('Events that failed for good', ({ failed }) => number(failed)),
      row('Deliveries acknowledged', ({ acknowledged }) => number(acknowledged)),
      row(html`<span class="indent">again, while the first still waited</span>`, ({ repeated }) =>
        number(repeated),
      ),
      row('Ack: 50%, 99% within', ({ ack }) => both(ack)),
      row('Deliveries refused', ({ refused }) => number(refused)),
    ],
  })
}

const reasons: Readonly<Record<string, string>> = {
  missing_header: 'a header of Svix is missing',
  malformed_timestamp: 'the timestamp can not be read',
  too_old: 'the timestamp is too old',
  too_new: 'the timestamp is in the future',
  no_match: 'no signing secret matches',
  no_event: 'the body is no event',
  too_deep: 'the body is too deep',
  too_many_values: 'the body has too many values',
  cannot_enqueue: 'the queue refuses the event',
  body_too_large: 'the body is too large',
  body_memory: 'too many bodies at once',
  hung_up: 'the sender hung up',
  requests_waiting: 'too many requests wait',
  connections: 'too many connections',
  timeout: 'the request took too long',
  malformed_http: 'the request is no HTTP',
  queue_unavailable: 'the queue is unavailable',
  internal_error: 'an error of ingest; its log has it',
}

function renderRefusals(summaries: readonly Summary[]): Html | undefined {
  const all = refusalsOf(summaries.at(-1)?.counts ?? {})
  if (all.length === 0) return undefined
  const perSpan = summaries.map(({ counts }) => new Map(refusalsOf(counts)))
  return table({
    label: 'Refused deliveries by reason',
    columns: [
      { title: 'Refused, because' },
      ...spans.map(([title]) => ({ title, isNumber: true })),
    ],
    rows: all.map(([reason]) => [
      reasons[reason] ?? reason,
      ...perSpan.map((counts) => number(counts.get(reason) ?? 0)),
    ]),
  })
}

const both = ({ p50, p99 }: Summary['ack']) =>
  p50 === undefined ? '–' : `${seconds(p50)}, ${seconds(p99)}`
