import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { smallestTable } from './deliveries.ts'
import { measureDrain, measureRound } from './measure-round.ts'
import type { Figures, Sizes } from './measure-round.ts'
import { drainBesideLarge, drainWith, growthSizes, printReport, summarize } from './report.ts'
import { startServers } from './scene.ts'
import type { Backend, Scene, SeededDatabase, Servers } from './scene.ts'
import { warmTables } from './tables.ts'

const help = `Usage: pnpm bench [options]

Measures clerk-sync beside what people do without it, in turn on the same machine, with a PostgreSQL 18
and a Redis of its own, and prints medians, spread and ratios. Compare the ratios: the figures depend
on the machine. Needs redis-server or valkey-server, or Debian's package. It takes five to six minutes
on two cores, up to twice as long on slow ones, and 15 GB in the directory for temporary files.

  --quick          smaller numbers, one round, no 10 million users: up to a minute
  --rounds <n>     rounds, each with all measurements in turn (3; with --quick 1)
  --backend <b>    redis, postgres (the queue in PostgreSQL) or both (both; with --quick redis)
  --no-growth      leaves out the tables of 1 and of 10 million users
  --json <file>    also writes every value to this file
  --help
`

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    backend: { type: 'string' },
    growth: { type: 'boolean', default: true },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
  allowNegative: true,
})

const sizes: Sizes = values.quick
  ? { requests: 4_000, warmUp: 400, jobs: 3_000, guideJobs: 450, openLoopSeconds: 1, batches: 15 }
  : {
      requests: 8_000,
      warmUp: 24_000,
      jobs: 15_000,
      guideJobs: 1_200,
      openLoopSeconds: 3,
      batches: 30,
    }
// BullMQ's queue in PostgreSQL is several times slower: the same numbers would take as many times as long.
const sizesOn = {
  redis: sizes,
  postgres: {
    ...sizes,
    requests: sizes.requests / 8,
    warmUp: sizes.warmUp / 24,
    jobs: sizes.jobs / 10,
    openLoopSeconds: 2,
  },
}
const largeDatabases = (values.quick ? growthSizes.slice(0, 1) : growthSizes).map((users) => ({
  name: `users_${users}`,
  users,
}))

const smallDatabase = (backend: Backend): SeededDatabase => ({
  name: `queue_on_${backend}`,
  users: smallestTable,
})

const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => stopping.abort(new Error('stopped')))
}

if (values.help) process.stdout.write(help)
else await run()

async function run(): Promise<void> {
  const rounds = readRounds()
  const backends = readBackends()
  const hasGrowth = values.growth && backends.includes('redis')
  const all: Figures[] = []
  const startedAt = performance.now()
  let servers: Servers | undefined
  try {
    const small = backends.map(smallDatabase)
    const large = hasGrowth ? largeDatabases : []
    servers = await startServers([...small, ...large], { signal: stopping.signal, say })
    for (const backend of backends) {
      const scene = await servers.openScene(backend, smallDatabase(backend))
      try {
        for (let round = 1; round <= rounds; round += 1) {
          say(`round ${round} of ${rounds}, queue on ${backend}`)
          all.push(await measureRound(scene, sizesOn[backend], stopping.signal, say))
        }
        if (backend === 'redis') await measureGrowth(servers, scene, { large, rounds, all })
      } finally {
        await scene.close()
      }
    }
  } catch (error) {
    if (!stopping.signal.aborted) throw error
    say('stopped; of what was under way nothing is in the report')
    process.exitCode = 130
  } finally {
    await servers?.close()
  }
  if (servers === undefined || all.length === 0) return
  const summary = summarize(all, servers)
  const seconds = Math.round((performance.now() - startedAt) / 1_000)
  printReport(summary, { seconds, rounds, quick: values.quick })
  if (values.json !== undefined)
    await writeFile(values.json, `${JSON.stringify({ ...summary, rounds: all }, null, 2)}\n`)
}

/** One worker on a small table and on the large ones in turn, so that all meet the same machine. */
async function measureGrowth(
  servers: Servers,
  small: Scene,
  { large, rounds, all }: { large: readonly SeededDatabase[]; rounds: number; all: Figures[] },
): Promise<void> {
  const scenes: Scene[] = []
  try {
    for (const database of large) scenes.push(await servers.openScene('redis', database))
    for (let round = 1; round <= rounds && scenes.length > 0; round += 1) {
      say(`round ${round} of ${rounds}, large tables`)
      const figures: Figures = { [drainBesideLarge]: await measureOneWorker(small) }
      for (const [at, scene] of scenes.entries()) {
        figures[drainWith(large[at]?.users ?? 0)] = await measureOneWorker(scene)
      }
      for (const [name, value] of Object.entries(figures)) say(`  ${name}: ${value.toFixed(0)}`)
      all.push(figures)
    }
  } finally {
    for (const scene of scenes) await scene.close()
  }
}

async function measureOneWorker(scene: Scene): Promise<number> {
  await warmTables(scene.databaseUrl)
  const start = async () => [await scene.startWorker()]
  return (await measureDrain(scene, { jobs: sizes.jobs, start })).perSecond
}

function readRounds(): number {
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3))
  if (Number.isInteger(rounds) && rounds >= 1) return rounds
  return refuse('--rounds must be a whole number, 1 or more')
}

function readBackends(): Backend[] {
  const backend = values.backend ?? (values.quick ? 'redis' : 'both')
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
