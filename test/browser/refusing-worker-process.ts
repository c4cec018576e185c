import { setTimeout as sleep } from 'node:timers/promises'
import { createDatabase, migrate } from '@clerk-sync/db'
import { buildEventJob, everything, parseEnvelope, selectKept } from '@clerk-sync/events'
import { buildSample } from '@clerk-sync/events/samples'
import type { EventJob } from '@clerk-sync/events'
import { createLogger } from '@clerk-sync/ops/process'
import { createRegistry } from '@clerk-sync/ops/metrics'
import { openQueue } from '@clerk-sync/queue'
import type { QueueLocation } from '@clerk-sync/queue'
import { readWorkerConfig, startWorker } from '@clerk-sync/worker'

/** What whoever started this process may ask of it; each is answered with a message. */
type Request = 'mend' | 'count rows'

const { databaseUrl, queue, userIds } = JSON.parse(process.env['DEPLOYMENT'] ?? '') as {
  databaseUrl: string
  queue: QueueLocation
  userIds: string[]
}

await migrate(databaseUrl)
const db = createDatabase({ url: databaseUrl, maxConnections: 2 })
await db.prisma.$executeRawUnsafe(
  `ALTER TABLE clerk.users ADD CONSTRAINT no_lovelace CHECK (last_name <> 'Lovelace')`,
)
const opened = openQueue(queue, { onError: () => undefined })
const config = readWorkerConfig({ DATABASE_URL: databaseUrl })
const worker = await startWorker(
  { ...config, queue },
  {
    logger: createLogger({ name: 'worker', level: 'silent' }),
    registry: createRegistry(['worker']),
  },
)
await untilAllFailed()
process.send?.('failed')

process.on('message', (request: Request) => void answer(request))
process.on('disconnect', () => void stop())

async function answer(request: Request): Promise<void> {
  if (request === 'mend') {
    await db.prisma.$executeRawUnsafe('ALTER TABLE clerk.users DROP CONSTRAINT no_lovelace')
    process.send?.('mended')
    return
  }
  const rows = await db.prisma.$queryRawUnsafe<unknown[]>('SELECT id FROM clerk.users')
  process.send?.(rows.length)
}

async function stop(): Promise<void> {
  await Promise.all([worker.close(), opened.close(), db.close()])
  process.exit(0)
}

// A single attempt each: with all of them it would take an hour until they have failed for good.
async function untilAllFailed(): Promise<void> {
  const deadline = Date.now() + 20_000
  for (;;) {
    try {
      const jobs = userIds.map(buildJob)
      await opened.queue.addBulk(
        jobs.map((data) => ({
          name: data.type,
          data,
          opts: { jobId: data.svixId, attempts: 1 },
        })),
      )
      const { failed } = await opened.queue.getJobCounts('failed')
      if (failed === userIds.length) return
    } catch (error) {
      if (Date.now() > deadline) throw error
    }
    await sleep(50)
  }
}

function buildJob(id: string): EventJob {
  const sample = buildSample('user.created', { id })
  const envelope = parseEnvelope(Buffer.from(JSON.stringify(sample)))
  const delivery = { svixId: `msg_${id}`, svixTimestamp: 1, receivedAt: Date.now() }
  const job = envelope && buildEventJob(selectKept(everything), envelope, delivery)
  if (!job) throw new Error('the sample is no event')
  return job
}
