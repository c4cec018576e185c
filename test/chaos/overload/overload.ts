import { setTimeout as sleep } from 'node:timers/promises'
import { buildSample } from '@clerk-sync/events/samples'
import { send } from '../../chain/send.ts'
import { countUndone, readLedger, untilZero } from '../check.ts'
import { startMeasuring } from '../measure.ts'
import type { Peaks } from '../measure.ts'
import { openScene } from '../scene.ts'
import type { Backend, Scene } from '../scene.ts'
import { sendLoad } from './load.ts'
import type { Load } from './load.ts'

export interface OverloadOptions {
  readonly backend: Backend
  readonly minutes: number
  readonly say: (line: string) => void
}

/** What an overload has shown. Rates are per second. */
export interface OverloadResult {
  readonly backend: Backend
  /** What ingests and workers took from as many senders as keep them busy. */
  readonly capacity: number
  /** What was to be sent: ten times that. */
  readonly offered: number
  readonly load: Load
  readonly acknowledgedRate: number
  readonly worstLivezMs: number
  readonly peaks: Peaks
  /** From the end of the overload until every ingest answered a delivery 200 within a second. */
  readonly recoveryMs: number | undefined
  /** Acknowledged in all of it, and what of that the ledger does not have at the end. */
  readonly acknowledged: number
  readonly lost: number
  readonly problems: readonly string[]
}

const factor = 10
const capacitySeconds = 10
const busySenders = 64
// Each ingest takes 1,000 connections and answers 100 more.
const connections = 4_000
const recoveryTimeoutMs = 60_000
const recoveredMs = 1_000
const recoveryPollMs = 100

// Kubernetes gives a process 5 s for /livez, and ingest 512 MB.
const longestLivezMs = 5_000
const mostMegabytes = 480
// A refusal waits for nothing but the processor. Connections beyond the limits of ingest wait in the
// system, which gives up some of them.
const longestRefusalMs = 1_000
const mostUnanswered = 0.1

/** Sends ten times what ingests and workers take, and sees what becomes of them and of the events. */
export async function overload(options: OverloadOptions): Promise<OverloadResult> {
  const { backend, say } = options
  say(`starting 2 ingests and 3 workers with the queue on ${backend}`)
  const scene = await openScene({ backend, seed: 0, hasFaults: false })
  const { urls, secret, log } = scene
  try {
    const measuring = startMeasuring(scene)
    const target = { urls, secret }
    say('measuring what they take')
    const busy = { ...target, rate: Infinity, connections: busySenders, seconds: capacitySeconds }
    // The first seconds of a process are slow.
    const warmingUp = await sendLoad({ ...busy, name: 'W' })
    const easy = await sendLoad({ ...busy, name: 'E' })
    const capacity = easy.acknowledged.length / capacitySeconds
    say(`they take ${capacity}/s; sending ${factor} times that`)
    const livez = watchLivez(scene)
    const seconds = options.minutes * 60
    const rate = factor * capacity
    const load = await sendLoad({ ...target, name: 'O', rate, connections, seconds })
    say('the overload has ended')
    const recoveryMs = await untilRecovered(scene)
    await livez.stop()

    const problems: string[] = []
    say('waiting until the queue is empty')
    await untilZero(() => countUndone(scene), 'jobs are not done', problems)
    const ledger = await readLedger(scene)
    const acknowledged = [warmingUp, easy, load].flatMap((sent) => sent.acknowledged)
    const lost = acknowledged.filter((id) => !ledger.has(id)).length
    measuring.stop()
    const result = {
      backend,
      capacity: Math.round(capacity),
      offered: Math.round(rate),
      load,
      acknowledgedRate: Math.round(load.acknowledged.length / seconds),
      worstLivezMs: livez.worstMs(),
      peaks: measuring.peaks,
      recoveryMs,
      acknowledged: acknowledged.length,
      lost,
    }
    return { ...result, problems: [...problems, ...log.crashes, ...problemsOf(result)] }
  } finally {
    await scene.close()
  }
}

function problemsOf(result: Omit<OverloadResult, 'problems'>): string[] {
  const { load, peaks, worstLivezMs, recoveryMs, lost } = result
  const refusals = load.answers.get(503) ?? 0
  // 408: it came too late to be read.
  const others = [...load.answers].filter(([status]) => ![0, 200, 408, 503].includes(status))
  const unanswered = load.timeouts + (load.answers.get(408) ?? 0)
  const megabytes = peaks.megabytes['ingest'] ?? 0
  const checks: [isBad: boolean, problem: string][] = [
    [refusals === 0, 'no delivery was refused with 503'],
    [load.withoutRetryAfter > 0, `${load.withoutRetryAfter} times 503 without Retry-After`],
    [others.length > 0, `answers that were neither 200 nor 503: ${others.join('; ')}`],
    [
      unanswered > mostUnanswered * load.sent,
      `${unanswered} of ${load.sent} deliveries had no answer within 15 s`,
    ],
    [load.refused.median > longestRefusalMs, `a refusal took ${load.refused.median} ms (median)`],
    [load.acknowledged.length === 0, 'no delivery was answered 200'],
    [worstLivezMs > longestLivezMs, `/livez took ${worstLivezMs} ms`],
    [megabytes > mostMegabytes, `ingest took ${megabytes} MB`],
    [recoveryMs === undefined, 'no recovery was seen'],
    [lost > 0, `${lost} acknowledged events are not in the ledger`],
  ]
  return checks.filter(([isBad]) => isBad).map(([, problem]) => problem)
}

/** Asks every ingest for /livez twice a second. A failure counts as the time that it took, or Infinity. */
function watchLivez({ apps }: Scene): { worstMs: () => number; stop: () => Promise<void> } {
  let worstMs = 0
  const ending = new AbortController()
  async function ask(url: string): Promise<void> {
    while (!ending.signal.aborted) {
      const askedAt = performance.now()
      const isAlive = await fetch(`${url}/livez`, { signal: AbortSignal.timeout(30_000) }).then(
        (answer) => answer.ok,
        () => false,
      )
      worstMs = Math.max(worstMs, isAlive ? Math.round(performance.now() - askedAt) : Infinity)
      await sleep(500)
    }
  }
  const asking = apps.filter(({ role }) => role === 'ingest').map(({ opsUrl }) => ask(opsUrl))
  return {
    worstMs: () => worstMs,
    async stop() {
      ending.abort()
      await Promise.all(asking)
    },
  }
}

/** Sends one delivery after the other until every ingest has answered one at once. */
async function untilRecovered({ urls, secret }: Scene): Promise<number | undefined> {
  const startedAt = Date.now()
  const isQuick = async (url: string) => {
    const signal = AbortSignal.timeout(recoveredMs)
    const sent = send(url, secret, buildSample('user.created'), { signal })
    return await sent.then(
      ({ status }) => status === 200,
      () => false,
    )
  }
  while (Date.now() - startedAt < recoveryTimeoutMs) {
    const quick = await Promise.all(urls.map(isQuick))
    if (quick.every(Boolean)) return Date.now() - startedAt
    await sleep(recoveryPollMs)
  }
  return undefined
}

/** The result for machines, with numbers in place of svix-ids. */
export function overloadToJson({ load, ...result }: OverloadResult): object {
  return {
    ...result,
    isGood: result.problems.length === 0,
    load: {
      ...load,
      acknowledged: load.acknowledged.length,
      answers: Object.fromEntries(load.answers),
    },
  }
}

/** The result as text. */
export function renderOverload(result: OverloadResult): string {
  const { load, peaks, problems } = result
  const latency = ({ median, p99, worst }: Load['accepted']) =>
    `median ${median} ms, p99 ${p99} ms, worst ${worst} ms`
  const lines = [
    '',
    `overload on ${result.backend}: ${problems.length === 0 ? 'good' : 'FAILED'}`,
    '',
    `  they take              ${result.capacity}/s`,
    `  offered                ${result.offered}/s: ${load.sent} deliveries; ${load.unsent} more were not sent, ${connections} connections were waiting`,
    `  answered 200           ${result.acknowledgedRate}/s: ${latency(load.accepted)}`,
    `  refused with 503       ${load.answers.get(503) ?? 0}: ${latency(load.refused)}`,
    `  closed unanswered      ${load.answers.get(0) ?? 0}, ${load.timeouts} of them after 15 s; 408: ${load.answers.get(408) ?? 0}`,
    `  worst /livez           ${result.worstLivezMs} ms`,
    `  most memory            ingest ${peaks.megabytes['ingest']} MB, worker ${peaks.megabytes['worker']} MB, Redis ${peaks.redisMegabytes} MB`,
    `  recovery               ${result.recoveryMs ?? '-'} ms`,
    `  acknowledged, lost     ${result.acknowledged}, ${result.lost}`,
  ]
  if (problems.length > 0) lines.push('', '  problems', ...problems.map((line) => `    ${line}`))
  return lines.join('\n')
}
