import { html } from '../html.ts'
import type { Html } from '../html.ts'
import { number, rate, seconds, table, time } from '../page-parts.ts'
import { summarize } from './summarize.ts'
import type { Minutes, Summary } from './summarize.ts'

/** What a plot shows; its script knows how to write the unit. */
interface Plot {
  readonly id: string
  readonly title: string
  readonly unit: 'rate' | 'seconds' | 'count'
  readonly lines: readonly { name: string; read: (summary: Summary) => number | undefined }[]
}

const plots: readonly Plot[] = [
  {
    id: 'events',
    title: 'Events per second',
    unit: 'rate',
    lines: [
      { name: 'events', read: ({ isKnown, perSecond }) => (isKnown ? perSecond : undefined) },
    ],
  },
  {
    id: 'ack',
    title: 'Delivery to answer',
    unit: 'seconds',
    lines: [
      { name: '50%', read: ({ ack }) => ack.p50 },
      { name: '99%', read: ({ ack }) => ack.p99 },
    ],
  },
  {
    id: 'row',
    title: 'Event to row',
    unit: 'seconds',
    lines: [
      { name: '50%', read: ({ eventToRow }) => eventToRow.p50 },
      { name: '99%', read: ({ eventToRow }) => eventToRow.p99 },
    ],
  },
  {
    id: 'queue',
    title: 'Jobs in the queue',
    unit: 'count',
    lines: [
      { name: 'waiting', read: ({ waiting }) => waiting },
      { name: 'failed', read: ({ failedJobs }) => failedJobs },
    ],
  },
]

/** Lengths are minutes: of the whole, of a point in a plot, and of a row in the table. */
const ranges = [
  { id: 'hour', title: 'the last hour', length: 60, point: 1, row: 5 },
  { id: 'day', title: 'the last day', length: 24 * 60, point: 10, row: 60 },
] as const

/** The plots of the last hour and day. Without the script the same numbers are in a table. */
export function renderPlots(minutes: Minutes, now: number): Html {
  return html`${ranges.map((range) => {
    const points = cut(minutes, now, range.length, range.point)
    const rows = cut(minutes, now, range.length, range.row).toReversed()
    return html`<h3>In ${range.title}</h3>
      <div class="plots">${plots.map((plot) => renderPlot(plot, range, points))}</div>
      <details id="numbers-${range.id}">
        <summary>The numbers of ${range.title}</summary>
        ${renderNumbers(range.title, rows)}
      </details>`
  })}`
}

interface Point {
  /** When it begins, in milliseconds since 1970. */
  readonly at: number
  readonly summary: Summary
}

// The minute that is not over yet would look like a fall.
function cut(minutes: Minutes, now: number, length: number, size: number): Point[] {
  const last = Math.floor(now / size) * size
  return Array.from({ length: Math.ceil(length / size) }, (_, at) => {
    const since = last - length + at * size
    const span = { since, until: since + size, seconds: size * 60 }
    return { at: since * 60_000, summary: summarize(minutes, span) }
  })
}

function renderPlot(plot: Plot, range: (typeof ranges)[number], points: readonly Point[]): Html {
  const { unit, title, lines } = plot
  const data = {
    unit,
    times: points.map(({ at }) => at / 1_000),
    lines: lines.map(({ name, read }) => ({
      name,
      values: points.map(({ summary }) => shorten(read(summary))),
    })),
  }
  const label = `${title} in ${range.title}`
  return html`<figure>
    <figcaption>${title}</figcaption>
    <div
      class="plot"
      id="plot-${range.id}-${plot.id}"
      role="img"
      aria-label="${label}; the numbers are in the table below"
      data-plot="${JSON.stringify(data)}"
    ></div>
  </figure>`
}

// More digits are not seen.
const shorten = (value: number | undefined) =>
  value === undefined ? null : Number(value.toPrecision(4))

function renderNumbers(title: string, points: readonly Point[]): Html {
  const columns = [
    'Events per second',
    'Ack 50%',
    '99%',
    'Event to row 50%',
    '99%',
    'Waiting',
    'Failed',
  ]
  const count = (value: number | undefined) => (value === undefined ? '–' : number(value))
  return table({
    label: `The numbers of ${title}`,
    columns: [{ title: 'From' }, ...columns.map((name) => ({ title: name, isNumber: true }))],
    rows: points.map(({ at, summary }) => [
      time(at),
      summary.isKnown ? rate(summary.perSecond) : '–',
      seconds(summary.ack.p50),
      seconds(summary.ack.p99),
      seconds(summary.eventToRow.p50),
      seconds(summary.eventToRow.p99),
      count(summary.waiting),
      count(summary.failedJobs),
    ]),
  })
}
