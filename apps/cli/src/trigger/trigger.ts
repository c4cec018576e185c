import { fetchCause, inShell } from '../terminal/text.ts'
import { createDatabase } from '@clerk-sync/db'
import type { Dropped, EventType, Kept } from '@clerk-sync/events'
import { eventTypes, isEventType, webhookSigningSecret } from '@clerk-sync/events'
import { errorMessage, readConfig } from '@clerk-sync/ops'
import { locateQueue, openQueue } from '@clerk-sync/queue'
import { locateDataDir } from '../start/data-dir.ts'
import { leftOutEntity, readKeptSettings, settingThatKeeps } from '../fields/kept-report.ts'
import { findRunning } from '../start/running.ts'
import { awaitArrival, readRows } from './arrival.ts'
import type { Destination } from './arrival.ts'
import { deliver } from './deliver.ts'
import { renderEvent, renderSummary } from './trigger-report.ts'
import type { Delivered } from './trigger-report.ts'

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

/** Sends sample events to a running ingest and shows their outcome. Returns the exit code. */
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
  const { url, secret, kept, urls, instanceId } = findTarget(options, env)
  const whyDropped = createDropReasons(kept, type, instanceId)
  const destination = urls && openDestination(urls)
  try {
    // Connect first, so that the measured times do not include it.
    const [, unknown] = await Promise.all([probe(url), whyUnknown(destination)])
    const known = unknown === undefined ? destination : undefined
    const send = () =>
      sendAndWait({ url, secret, type, id: options.id, patch, instanceId }, known, options.timeout)
    const delivered = options.count === 1 ? [await send()] : await sendMany(send, options.count)
    const [first] = delivered
    if (options.count === 1 && first) {
      const isWritten = first.arrival && 'outcome' in first.arrival
      const rows =
        known && isWritten ? await readRows(known.db, kept, { type, ...first.answer }) : []
      process.stdout.write(renderEvent({ type, url, ...first, rows, unknown, whyDropped }))
    } else {
      process.stdout.write(renderSummary({ type, url, delivered, unknown, whyDropped }))
    }
    return delivered.every((one) => isFine(one, known)) ? 0 : 1
  } finally {
    await destination?.close()
  }
}

function isFine({ answer, arrival }: Delivered, destination: Destination | undefined): boolean {
  if (answer.status !== 200 || answer.dropped === 'other_instance') return false
  return answer.dropped !== undefined || !destination || (!!arrival && 'outcome' in arrival)
}

/** What to say of an event that ingest has acknowledged and dropped. */
export function createDropReasons(kept: Kept, type: EventType, instanceId: string | undefined) {
  return (dropped: Dropped): string[] => {
    if (dropped === 'other_instance') {
      return [
        `dropped: ingest keeps only the events of its CLERK_INSTANCE_ID, and this one names ${instanceId ?? 'a made-up instance'}`,
        'set CLERK_INSTANCE_ID here to the same value',
      ]
    }
    const entity = leftOutEntity(kept, type)
    const lines = [`left out: it was acknowledged, and nothing of ${entity?.table ?? 'it'} is kept`]
    // Without an entity the ingest has other settings than are known here.
    return entity ? [...lines, `to keep them, start with ${settingThatKeeps(kept, entity)}`] : lines
  }
}

async function whyUnknown(destination: Destination | undefined): Promise<string | undefined> {
  if (!destination) return 'set DATABASE_URL to the database of that ingest'
  try {
    await destination.db.ping()
    return undefined
  } catch (error) {
    return errorMessage(error)
  }
}

function openDestination(urls: { databaseUrl: string; redisUrl: string | undefined }) {
  const db = createDatabase({ url: urls.databaseUrl, maxConnections })
  const opened = openQueue(locateQueue(urls), { onError: () => undefined })
  return {
    db,
    opened,
    async close() {
      await Promise.all([db.close(), opened.close()])
    },
  }
}

interface Target {
  url: string
  secret: string
  kept: Kept
  /** The Clerk instance that the event names. */
  instanceId: string | undefined
  /** Undefined when the database of this ingest is not known. */
  urls: { databaseUrl: string; redisUrl: string | undefined } | undefined
}

function findTarget(options: TriggerOptions, env: NodeJS.ProcessEnv): Target {
  const running = findRunning(locateDataDir())
  const ownSecret = env['CLERK_WEBHOOK_SIGNING_SECRET'] || undefined
  const secret = options.secret ?? running?.signingSecret ?? ownSecret
  if (secret === undefined) {
    throw new Error(
      `nothing runs here: start it with "${inShell('start')}", or give --url and --secret of an ingest elsewhere`,
    )
  }
  if (secret === ownSecret) readConfig({ CLERK_WEBHOOK_SIGNING_SECRET: webhookSigningSecret }, env)
  const url =
    options.url ??
    running?.webhookUrl ??
    `http://127.0.0.1:${env['PORT'] || 3000}/api/webhooks/clerk`
  const ownInstance = env['CLERK_INSTANCE_ID'] || undefined
  if (running && url === running.webhookUrl) {
    const { databaseUrl, redisUrl, syncEntities, syncFields } = running
    const { kept } = readKeptSettings({ SYNC_ENTITIES: syncEntities, SYNC_FIELDS: syncFields })
    const instanceId = ownInstance ?? running.instanceId
    return { url, secret, kept, instanceId, urls: { databaseUrl, redisUrl } }
  }
  // An ingest elsewhere writes to another database than the one that runs here.
  const { kept } = readKeptSettings(env)
  const databaseUrl = env['DATABASE_URL']
  const urls = databaseUrl ? { databaseUrl, redisUrl: env['REDIS_URL'] || undefined } : undefined
  return { url, secret, kept, instanceId: ownInstance, urls }
}

async function probe(url: string): Promise<void> {
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
    throw new Error(
      `--url must be the address of a webhook, as in http://127.0.0.1:3000/api/webhooks/clerk`,
    )
  }
  try {
    await (await fetch(url, { method: 'OPTIONS' })).arrayBuffer()
  } catch (error) {
    throw new Error(
      `nothing answers at ${url}: ${errorMessage(fetchCause(error))}. Does ingest run there?`,
      {
        cause: error,
      },
    )
  }
}

async function sendAndWait(
  event: Parameters<typeof deliver>[0],
  destination: Destination | undefined,
  timeoutMs: number,
): Promise<Delivered> {
  const answer = await deliver(event).catch((error: unknown) => {
    throw new Error(`no answer from ${event.url}: ${errorMessage(fetchCause(error))}`, {
      cause: error,
    })
  })
  const arrival =
    destination && answer.status === 200 && answer.dropped === undefined
      ? await awaitArrival(destination, answer, timeoutMs)
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
