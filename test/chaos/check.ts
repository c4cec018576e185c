import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { countFailed, rerunJob } from '@clerk-sync/queue'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import { childEnvironment } from '@clerk-sync/testing'
import { expectedFacts, ownersIn, readFacts } from '../converge/facts.ts'
import type { Facts } from '../converge/facts.ts'
import type { StoryEvent } from '../converge/story.ts'
import type { Scene } from './scene.ts'
import { prismaOf } from '@clerk-sync/db/prisma'

const pollMs = 250
// Without progress; a machine that is slow makes some.
const noProgressMs = 120_000
const idsAtOnce = 2_000
const mostNamed = 20

/** What became of the events. */
export interface Findings {
  readonly published: number
  readonly acknowledged: number
  readonly inLedger: number
  /** Failed jobs by reason. */
  readonly failed: readonly string[]
  /** Acknowledged before Redis lost its data, and repaired by reconcile. */
  readonly lostWithRedis: number
  /** Acknowledged and nowhere, without such an excuse. */
  readonly lost: readonly string[]
  /** Rows that differ from the model, tombstones and ledger rows included. */
  readonly wrong: readonly string[]
  /** What kept the run from coming to its end, such as events that nobody takes. */
  readonly problems: readonly string[]
}

/**
 * Waits until all is delivered and done, repairs what Redis lost, and compares the tables with the
 * model and with Clerk. The faults have ended.
 */
export async function checkEnd(scene: Scene, say: (line: string) => void): Promise<Findings> {
  const { history, svix, redisLosses, db, queue } = scene
  const problems: string[] = []
  say('waiting until every event is acknowledged')
  await untilZero(async () => svix.pending(), 'deliveries are not answered 2xx', problems)
  say('waiting until the queue is empty')
  await untilZero(() => countUndone(scene), 'jobs are not done', problems)

  const { events } = history
  const ledger = await readLedger(scene)
  const failed = await countFailed(queue)
  const failedIds = new Set((await bullQueueOf(queue).getFailed()).map(({ id }) => String(id)))
  const missing = events.filter(
    ({ svixId }) => svix.acknowledged.has(svixId) && !ledger.has(svixId) && !failedIds.has(svixId),
  )
  const lastLoss = Math.max(0, ...redisLosses.map(({ at }) => at))
  const sentAt = ({ svixId }: StoryEvent) => svix.acknowledged.get(svixId)?.sentAt ?? 0
  const lostWithRedis = missing.filter((event) => sentAt(event) <= lastLoss)
  const lost = missing.filter((event) => sentAt(event) > lastLoss)

  if (redisLosses.length > 0) {
    say('reconcile --repair')
    await reconcile(scene, '--repair', '--max-deletes', '1000000')
  }
  say('comparing with the model and with Clerk')
  const drift = await reconcile(scene)
  if (drift !== 0) problems.push(`reconcile: ${drift} rows differ from Clerk`)
  const wrong = await compare(scene, events, new Set(lostWithRedis.map(({ svixId }) => svixId)))
  await db.ping().catch((error: Error) => void problems.push(error.message))
  return {
    published: svix.counts.published,
    acknowledged: svix.acknowledged.size,
    inLedger: ledger.size,
    failed: failed.reasons.map(({ name, count }) => `${count} × ${name}`),
    lostWithRedis: lostWithRedis.length,
    lost: lost.map(({ svixId, body }) => `${svixId} ${body.type}`),
    wrong,
    problems,
  }
}

export async function untilZero(
  count: () => Promise<number>,
  what: string,
  problems: string[],
): Promise<void> {
  let best = Infinity
  let since = Date.now()
  for (;;) {
    // What can't be asked now may be the server that recovers.
    const now = await count().catch(() => undefined)
    if (now === 0) return
    if (now !== undefined && now < best) {
      best = now
      since = Date.now()
    }
    if (Date.now() - since > noProgressMs) {
      problems.push(
        `${now ?? 'unknown how many'} ${what}, for ${noProgressMs / 1_000} s without progress`,
      )
      return
    }
    await sleep(pollMs)
  }
}

// A job between two attempts is run at once. That it failed is told by the worker's log.
export async function countUndone({ queue }: Scene): Promise<number> {
  const bullQueue = bullQueueOf(queue)
  const { waiting = 0, active = 0, delayed = 0 } = await bullQueue.getJobCounts()
  if (delayed > 0) {
    const jobs = await bullQueue.getDelayed(0, 99)
    await Promise.all(jobs.map(({ id }) => rerunJob(queue, String(id))))
  }
  return waiting + active + delayed
}

export async function readLedger({ db }: Scene): Promise<Set<string>> {
  const rows = await prismaOf(db).webhookEvent.findMany({ select: { id: true } })
  return new Set(rows.map(({ id }) => id))
}

const commands = join(import.meta.dirname, '../../apps/cli/src/main.ts')

/** Runs `clerk-sync reconcile`. Returns how much drift is left. */
async function reconcile({ env }: Scene, ...options: string[]): Promise<number> {
  const args = [commands, 'reconcile', '--json', '--rate', '0', ...options]
  const { promise, resolve } = Promise.withResolvers<{ stdout: string; stderr: string }>()
  execFile(process.execPath, args, { env: childEnvironment(env) }, (_, stdout, stderr) =>
    resolve({ stdout, stderr }),
  )
  const { stdout, stderr } = await promise
  try {
    return (JSON.parse(stdout) as { drift: number }).drift
  } catch {
    throw new Error(`reconcile failed: ${stderr.trim()}`)
  }
}

/** The first lines that are only in the model (-) or only in the tables (+). */
async function compare(
  { db }: Scene,
  events: readonly StoryEvent[],
  lost: ReadonlySet<string>,
): Promise<string[]> {
  const touched = touchedBy(events, lost)
  const expected = expectedFacts(events)
  const found = await readAll(db, events)
  const differences: string[] = []
  for (const [kind, lines] of Object.entries(expected) as [keyof Facts, string[]][]) {
    const relax = (all: readonly string[]) =>
      new Set(all.flatMap((line) => relaxed(kind, line, touched, lost)))
    const [want, have] = [relax(lines), relax(found[kind])]
    for (const line of want) if (!have.has(line)) differences.push(`- ${kind} ${line}`)
    for (const line of have) if (!want.has(line)) differences.push(`+ ${kind} ${line}`)
  }
  return differences.length > mostNamed
    ? [...differences.slice(0, mostNamed), `and ${differences.length - mostNamed} more`]
    : differences
}

async function readAll(db: Scene['db'], events: readonly StoryEvent[]): Promise<Facts> {
  const byEntity = Map.groupBy(events, ({ body }) => String(body.data['id']))
  const groups = [...byEntity.values()]
  const found = await readFacts(db, [])
  for (let at = 0; at < groups.length; at += idsAtOnce) {
    const part = await readFacts(db, groups.slice(at, at + idsAtOnce).flat())
    for (const kind of Object.keys(found) as (keyof Facts)[]) found[kind].push(...part[kind])
  }
  return found
}

/** The entities that a lost event was about, and those that they own. */
function touchedBy(events: readonly StoryEvent[], lost: ReadonlySet<string>): Set<string> {
  const idOf = ({ body }: StoryEvent) => String(body.data['id'])
  const direct = new Set(events.filter(({ svixId }) => lost.has(svixId)).map(idOf))
  const owned = events.filter(({ body }) =>
    ownersIn(body.type.split('.')[0] ?? '', body.data).some((owner) => direct.has(owner)),
  )
  return new Set([...direct, ...owned.map(idOf)])
}

// What reconcile has repaired has no event, and reconcile knows no time of a deletion: whether it is
// there, and what it says, must still be right.
function relaxed(
  kind: keyof Facts,
  line: string,
  touched: ReadonlySet<string>,
  lost: ReadonlySet<string>,
): string[] {
  if (kind === 'events') return lost.has(line) ? [] : [line]
  if (kind === 'tombstones') return touched.has(line.split(' ')[1] ?? '') ? [] : [line]
  if (kind === 'addresses' || !touched.has(line.split(' ')[0] ?? '')) return [line]
  return [line.slice(0, line.lastIndexOf(' '))]
}
