import { setTimeout as sleep } from 'node:timers/promises'
import { errorMessage } from '@clerk-sync/ops'
import type { Random } from '../random.ts'
import { seededRandom } from '../random.ts'
import type { Scene } from '../scene.ts'
import type { Fault } from './fault.ts'
import { networkFaults } from './network-faults.ts'
import { postgresFaults } from './postgres-faults.ts'
import { processFaults } from './process-faults.ts'
import { redisFaults } from './redis-faults.ts'
import { prismaOf } from '@clerk-sync/db/prisma'

const pollMs = 250
// What it waits for may wait for another fault that goes on meanwhile.
const recoveryTimeoutMs = 120_000

/** Faults of one kind. */
interface FaultCount {
  played: number
  /** The time from the end of each fault until an event that was sent after it was in the ledger. */
  readonly recoveriesMs: number[]
  /** Faults whose recovery was not seen. */
  unrecovered: number
}

export interface Injection {
  readonly counts: Map<string, FaultCount>
  /** Kinds that were left out, with the reason. */
  readonly leftOut: Map<string, string>
  /** Kinds whose turn did not come before the end. */
  readonly untouched: string[]
  /** Faults that could not be played as they should, with the reason. */
  readonly problems: string[]
}

export interface InjectOptions {
  readonly seed: number
  readonly signal: AbortSignal
  readonly onFault: (line: string) => void
}

/**
 * Plays faults until `signal` is aborted: one sequence for the processes, one for servers and
 * network, so that two overlap. Each sequence plays all of its kinds once before one comes again.
 */
export async function injectFaults(scene: Scene, options: InjectOptions): Promise<Injection> {
  const injection: Injection = {
    counts: new Map(),
    leftOut: new Map(),
    untouched: [],
    problems: [],
  }
  const sequences = {
    processes: processFaults,
    servers: [...networkFaults, ...redisFaults, ...postgresFaults],
  }
  const playing = Object.entries(sequences).map(async ([name, faults]) => {
    const possible = faults.filter((fault) => {
      const reason = fault.impossible?.(scene)
      if (reason !== undefined) injection.leftOut.set(fault.kind, reason)
      return reason === undefined
    })
    await playInTurn(scene, possible, seededRandom(options.seed, name), injection, options)
    const kinds = possible.map(({ kind }) => kind)
    injection.untouched.push(...kinds.filter((kind) => !injection.counts.has(kind)))
  })
  await Promise.all(playing)
  return injection
}

async function playInTurn(
  scene: Scene,
  faults: readonly Fault[],
  random: Random,
  { counts, problems }: Injection,
  { signal, onFault }: InjectOptions,
): Promise<void> {
  const wait = (ms: number) => sleep(ms, undefined, { signal }).catch(() => undefined)
  let deck: Fault[] = []
  for (;;) {
    await wait(random.between(500, 4_000))
    if (signal.aborted) return
    if (deck.length === 0) deck = random.shuffle(faults)
    const fault = deck.shift()!
    const count = counts.get(fault.kind) ?? { played: 0, recoveriesMs: [], unrecovered: 0 }
    counts.set(fault.kind, count)
    count.played += 1
    onFault(`${fault.kind} …`)
    const startedAt = Date.now()
    try {
      await fault.play(scene, random, wait)
    } catch (error) {
      problems.push(`${fault.kind}: ${errorMessage(error)}`)
    }
    const endedAt = Date.now()
    const recoveredAt = await untilRecovered(scene, endedAt, signal)
    if (recoveredAt === undefined) {
      if (!signal.aborted) count.unrecovered += 1
    } else count.recoveriesMs.push(recoveredAt - endedAt)
    const took = recoveredAt === undefined ? 'not seen' : `${recoveredAt - endedAt} ms`
    onFault(`${fault.kind}: ${endedAt - startedAt} ms, recovery ${took}`)
  }
}

/** Waits until the ledger has an event whose delivery began after `since`. */
async function untilRecovered(
  { svix, db }: Scene,
  since: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  const deadline = Date.now() + recoveryTimeoutMs
  while (!signal.aborted && Date.now() < deadline) {
    const sent = svix.latest().filter((id) => (svix.acknowledged.get(id)?.sentAt ?? 0) >= since)
    const found =
      sent.length > 0 &&
      (await prismaOf(db)
        .webhookEvent.count({ where: { id: { in: sent } } })
        .catch(() => 0))
    if (found) return Date.now()
    await sleep(pollMs)
  }
  return undefined
}
