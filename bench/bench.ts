import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { readQueueDepth } from '@clerk-sync/queue'
import { smallestTable } from './deliveries.ts'
import { measureDrain, measureRound } from './measure-round.ts'
import type { Figures, Sizes } from './measure-round.ts'
import { printReport, summarize } from './report.ts'
import { startServers } from './scene.ts'
import type { Scene } from './scene.ts'
import { seedTables } from './tables.ts'

const help = `Usage: pnpm bench [options]

Measures clerk-sync beside what people do without it, in turn on the same machine, with a PostgreSQL 18
and a Redis of its own, and prints medians, spread and ratios. Compare the ratios: the figures depend
on the machine. Needs redis-server or valkey-server, or Debian's package.

  --quick          smaller numbers, one round, no 10 million users: less than 90 s
  --rounds <n>     rounds, each with all measurements in turn (3; with --quick 1)
  --backend <b>    redis, postgres (the queue in PostgreSQL) or both (both)
  --no-growth      leaves out the tables of 1 and of 10 million users
  --json <file>    also writes every value to this file
  --help
`

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    backend: { type: 'string', default: 'both' },
    growth: { type: 'boolean', default: true },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
  allowNegative: true,
})

const sizes: Sizes = values.quick
  ? { requests: 4_000, jobs: 5_000, guideJobs: 1_000, openLoopSeconds: 3, batches: 15 }
  : { requests: 15_000, jobs: 15_000, guideJobs: 3_000, openLoopSeconds: 6, batches: 50 }
const tables = values.quick ? [1_000_000] : [1_000_000, 10_000_000]
const growthRounds = values.quick ? 1 : 3

const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => stopping.abort(new Error('stopped')))
}

if (values.help) process.stdout.write(help)
else await run()

async function run(): Promise<void> {
  const rounds = readRounds()
  const backends = readBackends()
  const all: Figures[] = []
  const startedAt = performance.now()
  const servers = await startServers(stopping.signal)
  try {
    for (const backend of backends) {
      let users = smallestTable
      const scene = await servers.openScene(backend, () => users)
      try {
        await seedTables(scene.databaseUrl, { from: 0, to: smallestTable }, stopping.signal)
        for (let round = 1; round <= rounds; round += 1) {
          say(`round ${round} of ${rounds}, queue on ${backend}`)
          all.push(await measureRound(scene, sizes, stopping.signal, say))
        }
        if (backend !== 'redis' || !values.growth) continue
        for (const size of tables) {
          say(`${size.toLocaleString('en')} users and as many ledger rows are added`)
          await seedTables(scene.databaseUrl, { from: users, to: size }, stopping.signal)
          users = size
          for (let round = 0; round < growthRounds; round += 1)
            all.push(await measureGrowth(scene, size))
        }
      } finally {
        await scene.close()
      }
    }
    const summary = summarize(all)
    const seconds = Math.round((performance.now() - startedAt) / 1_000)
    printReport(summary, { seconds, rounds, quick: values.quick })
    if (values.json !== undefined)
      await writeFile(values.json, `${JSON.stringify({ ...summary, rounds: all }, null, 2)}\n`)
  } catch (error) {
    if (!stopping.signal.aborted) throw error
    say('stopped')
    process.exitCode = 130
  } finally {
    await servers.close()
  }
}

async function measureGrowth(scene: Scene, users: number): Promise<Figures> {
  const drained = await measureDrain(scene, {
    jobs: sizes.jobs,
    start: async () => [await scene.startWorker()],
  })
  const { failed } = await readQueueDepth(scene.queue)
  if (failed > 0) throw new Error(`${failed} jobs failed`)
  return { [`redis: drain, 1 worker, ${users.toLocaleString('en')} users`]: drained.perSecond }
}

function readRounds(): number {
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3))
  if (Number.isInteger(rounds) && rounds >= 1) return rounds
  return refuse('--rounds must be a whole number, 1 or more')
}

function readBackends(): ('redis' | 'postgres')[] {
  const { backend } = values
  if (backend === 'both') return ['redis', 'postgres']
  if (backend === 'redis' || backend === 'postgres') return [backend]
  return refuse('--backend must be redis, postgres or both')
}

function refuse(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

// The report alone is on stdout.
function say(text: string): void {
  process.stderr.write(`${text}\n`)
}
