import { createDatabase } from '@clerk-sync/db'
import type { Database } from '@clerk-sync/db'
import { eventTypes, isEventType } from '@clerk-sync/events'
import type { EventType } from '@clerk-sync/events'
import { awaitArrival, readRows } from '../await-row.ts'
import { findRunning, openDataDir } from '../data-dir.ts'
import { deliver } from '../delivery.ts'
import { renderEvent, renderSummary } from '../trigger-report.ts'
import type { Delivered } from '../trigger-report.ts'

// Enough to fill batches, few enough for one machine that also runs the server.
const deliveriesAtOnce = 20
const maxConnections = 5

export interface TriggerOptions {
  id?: string
  data?: string
  count: number
  url?: string
  secret?: string
  timeout: number
}

/** Sends sample events to a running ingest and shows what became of them. Returns the exit code. */
export async function trigger(
  type: string,
  options: TriggerOptions,
  env: NodeJS.ProcessEnv,
): Promise<number> {
  if (!isEventType(type)) {
    throw new Error(
      `${type} is not an event type of Clerk. They are:\n  ${eventTypes.join('\n  ')}`,
    )
  }
  const patch = options.data === undefined ? undefined : parsePatch(options.data)
  const target = findTarget(options, env)
  const db = target.databaseUrl
    ? createDatabase({ url: target.databaseUrl, maxConnections })
    : undefined
  try {
    // Connecting is no part of what is measured.
    await Promise.all([knock(target.url), db?.ping()])
    const send = () =>
      sendAndWait({ ...target, type, id: options.id, patch, db, timeoutMs: options.timeout })
    const delivered = options.count === 1 ? [await send()] : await sendMany(send, options.count)
    const [first] = delivered
    if (options.count === 1 && first) {
      const rows = db && first.arrival ? await readRows(db, { type, ...first.answer }) : []
      process.stdout.write(
        renderEvent({ type, url: target.url, ...first, rows, waited: db !== undefined }),
      )
    } else {
      process.stdout.write(renderSummary({ type, url: target.url, delivered }))
    }
    return delivered.every((one) => isFine(one, db)) ? 0 : 1
  } finally {
    await db?.close()
  }
}

function isFine({ answer, arrival }: Delivered, db: Database | undefined): boolean {
  return answer.status === 200 && (!db || arrival !== undefined)
}

interface Target {
  url: string
  secret: string
  databaseUrl: string | undefined
}

function findTarget(options: TriggerOptions, env: NodeJS.ProcessEnv): Target {
  const running = findRunning(openDataDir())
  const secret =
    options.secret ?? running?.signingSecret ?? (env['CLERK_WEBHOOK_SIGNING_SECRET'] || undefined)
  if (secret === undefined) {
    throw new Error(
      'nothing runs here: start it with "npx -y pnpm@12 start", or give --url and --secret of an ingest elsewhere',
    )
  }
  const url =
    options.url ??
    running?.webhookUrl ??
    `http://127.0.0.1:${env['PORT'] || 3000}/api/webhooks/clerk`
  // An ingest elsewhere writes to another database than the one that runs here.
  const isElsewhere = options.url !== undefined && options.url !== running?.webhookUrl
  const databaseUrl =
    (isElsewhere ? undefined : running?.databaseUrl) ?? (env['DATABASE_URL'] || undefined)
  return { url, secret, databaseUrl }
}

async function knock(url: string): Promise<void> {
  try {
    await (await fetch(url, { method: 'OPTIONS' })).arrayBuffer()
  } catch (error) {
    throw new Error(`nothing answers at ${url}: ${reasonOf(error)}. Does ingest run there?`, {
      cause: error,
    })
  }
}

async function sendAndWait(
  options: Target & {
    type: EventType
    id: string | undefined
    patch: unknown
    db: Database | undefined
    timeoutMs: number
  },
): Promise<Delivered> {
  const answer = await deliver(options).catch((error: unknown) => {
    throw new Error(`no answer from ${options.url}: ${reasonOf(error)}`, { cause: error })
  })
  const arrival =
    options.db && answer.status === 200
      ? await awaitArrival(options.db, answer, options.timeoutMs)
      : undefined
  return { answer, arrival }
}

async function sendMany(send: () => Promise<Delivered>, count: number): Promise<Delivered[]> {
  const delivered: Delivered[] = []
  let started = 0
  async function sendNext(): Promise<void> {
    while (started < count) {
      started++
      delivered.push(await send())
      if (process.stderr.isTTY) process.stderr.write(`\r${delivered.length} of ${count}`)
    }
  }
  await Promise.all(Array.from({ length: Math.min(deliveriesAtOnce, count) }, sendNext))
  if (process.stderr.isTTY) process.stderr.write('\r\x1B[K')
  return delivered
}

function parsePatch(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error(`--data is not JSON: ${text}`)
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error
    ? cause.message || String((cause as { code?: string }).code)
    : String(cause)
}
