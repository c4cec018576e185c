import { join } from 'node:path'
import { createDatabase } from '@clerk-sync/db'
import { migrate } from '@clerk-sync/db/migrate'
import type { Database } from '@clerk-sync/db'
import { prismaOf } from '@clerk-sync/db/prisma'
import { createSigningSecret } from '@clerk-sync/events'
import { locateQueue, migrateQueue, openQueue } from '@clerk-sync/queue'
import type { OpenQueue } from '@clerk-sync/queue'
import { createOtlpReceiver, createTestDatabase, freePort, startProcess } from '@clerk-sync/testing'
import type { OtlpReceiver, ReceivedSpan } from '@clerk-sync/testing'
import { inject, vi } from 'vitest'
import { send } from '../chain/send.ts'
import type { Delivery, SentEvent } from '../chain/send.ts'

type StartedProcess = ReturnType<typeof startProcess>

const waitOptions = { timeout: 20_000, interval: 20 }

/** Ingest and worker as processes with tracing, and the spans that their collector received. */
export interface Scene {
  readonly receiver: OtlpReceiver
  readonly db: Database
  readonly queue: OpenQueue
  /** What must never be in a span. */
  readonly secrets: readonly string[]
  startIngest(env?: Record<string, string>): Promise<StartedProcess>
  startWorker(env?: Record<string, string>): Promise<StartedProcess>
  /** Posts an event to the ingest that was started last. */
  send(event: unknown, delivery?: Delivery): Promise<SentEvent>
  /** Resolves when the ledger knows all of these events. */
  untilWritten(sent: readonly { svixId: string }[]): Promise<void>
  /** The spans of an event's trace, those of a process in the order of their end, once there is one like `last`. */
  traceOf(svixId: string, last?: (span: ReceivedSpan) => boolean): Promise<Trace>
  close(): Promise<void>
}

export type Trace = readonly ReceivedSpan[]

/** The queue is in a Redis database of its own, since its keys are always the same, or in PostgreSQL. */
export async function openScene({ redis }: { redis?: 12 | 13 | 14 }): Promise<Scene> {
  const database = await createTestDatabase(inject('databaseUrl'))
  const redisUrl = redis ? `${inject('redisUrl')}/${redis}` : ''
  const url = new URL(database.url)
  url.password ||= 'database-s3cret'
  await migrate(url.href)
  const location = locateQueue({ redisUrl, databaseUrl: url.href })
  await migrateQueue(location)
  const queue = openQueue(location, { onError: () => undefined })
  const db = createDatabase({ url: url.href, maxConnections: 2 })
  const receiver = await createOtlpReceiver()
  const signingSecret = createSigningSecret()
  const processes: StartedProcess[] = []
  let webhookUrl = ''

  async function start(app: 'ingest' | 'worker', env: Record<string, string>) {
    const opsPort = String(await freePort())
    const started = startProcess(join(import.meta.dirname, `../../apps/${app}/src/main.ts`), {
      HOST: '127.0.0.1',
      OPS_PORT: opsPort,
      LOG_LEVEL: 'debug',
      DATABASE_URL: url.href,
      REDIS_URL: redisUrl,
      CLERK_WEBHOOK_SIGNING_SECRET: signingSecret,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_BSP_SCHEDULE_DELAY: '50',
      ...env,
    })
    processes.push(started)
    await vi.waitFor(async () => {
      const response = await fetch(`http://127.0.0.1:${opsPort}/readyz`)
      if (response.status !== 200) throw new Error(started.output.stdout + started.output.stderr)
    }, waitOptions)
    return started
  }

  return {
    receiver,
    db,
    queue,
    secrets: [signingSecret.replace('whsec_', ''), `${url.username}:${url.password}`],
    async startIngest(env = {}) {
      const port = await freePort()
      webhookUrl = `http://127.0.0.1:${port}/api/webhooks/clerk`
      return start('ingest', { PORT: String(port), ...env })
    },
    startWorker: (env = {}) => start('worker', env),
    send: (event, delivery) => send(webhookUrl, signingSecret, event, delivery),
    async untilWritten(sent) {
      const ids = sent.map(({ svixId }) => svixId)
      await vi.waitFor(async () => {
        const rows = await prismaOf(db).webhookEvent.count({ where: { id: { in: ids } } })
        if (rows < ids.length) throw new Error(`${rows} of ${ids.length} are written`)
      }, waitOptions)
    },
    traceOf: (svixId, last = (span) => 'clerk_sync.outcome' in span.attributes) =>
      vi.waitFor(() => readTrace(receiver.spans, svixId, last), waitOptions),
    async close() {
      for (const one of processes) one.kill('SIGKILL')
      await Promise.all(processes.map((one) => one.exitCode()))
      await Promise.all([receiver.close(), db.close(), queue.close()])
      await database.drop()
    },
  }
}

function readTrace(
  spans: Trace,
  svixId: string,
  isLast: (span: ReceivedSpan) => boolean,
): ReceivedSpan[] {
  const isOfEvent = ({ attributes }: ReceivedSpan) =>
    [attributes['clerk_sync.event.id'], attributes['messaging.message.id']].includes(svixId)
  const last = spans.find((span) => isOfEvent(span) && isLast(span))
  const trace = spans.filter(({ traceId }) => traceId === last?.traceId)
  // Ingest sends its spans later.
  const isWhole = trace.some(({ parentId }) => parentId === undefined)
  if (!last || !isWhole) throw new Error(`there is no whole trace of ${svixId} yet`)
  return trace
}
