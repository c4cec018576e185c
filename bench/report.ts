import { cpus, loadavg } from 'node:os'
import { median } from './batches.ts'
import { ourConcurrency } from './measure-round.ts'
import type { Figures } from './measure-round.ts'

interface Figure {
  readonly name: string
  readonly median: number
  readonly least: number
  readonly most: number
}

interface Ratio {
  readonly name: string
  readonly median: number
  readonly goal: string
}

/** Medians and spread of all rounds, and ratios of figures of the same round. */
export interface Summary {
  readonly machine: string
  readonly figures: readonly Figure[]
  readonly ratios: readonly Ratio[]
}

interface RatioOf {
  readonly name: string
  /** The names of two figures of a round. */
  readonly of: string
  readonly to: string
  readonly goal: string
}

/** Users of the large tables. */
export const growthSizes: readonly number[] = [1_000_000, 10_000_000]

const ratios: readonly RatioOf[] = [
  {
    name: 'drain by one worker / worker that does nothing',
    of: 'redis: drain, 1 worker',
    to: 'redis: idle-worker',
    goal: '0.55',
  },
  {
    name: 'batch of 200 / one statement for 200',
    of: 'redis: batch of 200, ms',
    to: 'redis: one statement for 200, ms',
    goal: 'at most 2.5',
  },
  {
    name: "drain / the guide's worker at the same concurrency",
    of: 'redis: drain, 1 worker',
    to: `redis: guide-worker, concurrency ${ourConcurrency}`,
    goal: '4',
  },
  {
    name: 'one ingest / plain handler',
    of: 'redis: ingest',
    to: 'redis: plain-handler',
    goal: '1.0',
  },
  {
    name: 'end to end / row written in the request',
    of: 'redis: end to end, sustained',
    to: 'redis: guide-handler',
    goal: '1.5',
  },
  {
    name: 'handler of the package, into the database / row written in the request',
    of: 'redis: package-handler',
    to: 'redis: guide-handler',
    goal: '1.5',
  },
  {
    name: 'batch of 200 / batch of 1',
    of: 'redis: batch of 200, ms',
    to: 'redis: batch of 1, ms',
    goal: 'at most 12',
  },
]

/** Joins the rounds. */
export function summarize(
  rounds: readonly Figures[],
  { hugePages }: { hugePages: boolean },
): Summary {
  const names = new Set(rounds.flatMap((round) => Object.keys(round)))
  const figures = Array.from(names, (name) => {
    const values = valuesOf(rounds, name)
    return {
      name,
      median: median(values),
      least: Math.min(...values),
      most: Math.max(...values),
    }
  })
  return {
    machine: [
      `${cpus().length} cores`,
      cpus()[0]?.model ?? '',
      `PostgreSQL ${hugePages ? 'with' : 'without'} huge pages`,
      `load ${loadavg()[0]?.toFixed(1)}`,
    ].join(', '),
    figures,
    ratios: [...ratiosOf(rounds), ...cpuRatio(rounds), ...growthRatios(rounds)],
  }
}

const valuesOf = (rounds: readonly Figures[], name: string) =>
  rounds.flatMap((round) => round[name] ?? [])

const ratiosOf = (rounds: readonly Figures[]) => ratios.flatMap((ratio) => ratioOf(rounds, ratio))

function ratioOf(rounds: readonly Figures[], { name, of, to, goal }: RatioOf): Ratio[] {
  const values = rounds.flatMap(({ [of]: one, [to]: other }) =>
    one === undefined || other === undefined ? [] : [one / other],
  )
  return values.length === 0 ? [] : [{ name, median: median(values), goal }]
}

function cpuRatio(rounds: readonly Figures[]): Ratio[] {
  const sum = (round: Figures, ...names: string[]) =>
    names.reduce((total, name) => total + (round[`redis: ${name}, CPU µs`] ?? Number.NaN), 0)
  const values = rounds
    .map(
      (round) =>
        sum(round, 'ingest', 'drain, 1 worker') / sum(round, 'plain-handler', 'idle-worker'),
    )
    .filter((value) => !Number.isNaN(value))
  const name = 'CPU of ingest and worker / of plain handler and worker that does nothing'
  return values.length === 0 ? [] : [{ name, median: median(values), goal: 'at most 1.3' }]
}

/** What one worker drains on a table of so many users. */
export const drainWith = (users: number) =>
  `redis: drain, 1 worker, ${users.toLocaleString('en')} users`

/** The same on the small table, in the same round. */
export const drainBesideLarge = 'redis: drain, 1 worker, 20,000 users beside the large tables'

function growthRatios(rounds: readonly Figures[]): Ratio[] {
  return growthSizes.flatMap((users) => {
    const name = `drain with ${users.toLocaleString('en')} users / with 20,000`
    return ratioOf(rounds, { name, of: drainWith(users), to: drainBesideLarge, goal: '0.85' })
  })
}

/** Prints the tables, in Markdown. */
export function printReport(
  { machine, figures, ratios: joined }: Summary,
  { seconds, rounds, quick }: { seconds: number; rounds: number; quick: boolean },
): void {
  const settings = `${rounds} round${rounds > 1 ? 's' : ''}${quick ? ', --quick' : ''}, ${seconds} s`
  const lines = [
    `${machine}; ${settings}`,
    '',
    '| figure | median | least | most |',
    '| --- | ---: | ---: | ---: |',
    ...figures.map(({ name, median: middle, least, most }) =>
      row(name, show(middle), show(least), show(most)),
    ),
    '',
    '| ratio, of the same round | median | goal |',
    '| --- | ---: | ---: |',
    ...joined.map(({ name, median: middle, goal }) => row(name, middle.toFixed(2), goal)),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

const row = (...cells: string[]) => `| ${cells.join(' | ')} |`
const show = (value: number) => (value < 100 ? value.toFixed(1) : Math.round(value).toString())
