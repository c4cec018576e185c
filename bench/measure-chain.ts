import { assertAccepted, measureRate, sendClosedLoop, sendOpenLoop } from './load.ts'
import type { Answered } from './load.ts'
import type { Add, Figures, Sizes } from './measure-round.ts'
import type { Scene } from './scene.ts'
import { readCommitTimes } from './tables.ts'

const openLoopShares = [0.25, 0.5, 0.8]

/** The whole chain: as fast as it goes, then on a schedule at shares of that. */
export async function measureChain(
  scene: Scene,
  sizes: Sizes,
  signal: AbortSignal,
  add: Add,
): Promise<void> {
  const [{ ingest, url }, worker] = await Promise.all([scene.startIngest(), scene.startWorker()])
  try {
    const warmUp = scene.buildRequests(sizes.warmUp, url)
    assertAccepted(await sendClosedLoop(url, warmUp.requests, signal))
    await scene.untilDrained([ingest, worker])
    const { requests } = scene.buildRequests(sizes.requests, url)
    let answered: Answered[] = []
    const sustained = await measureRate(sizes.requests, async () => {
      answered = await sendClosedLoop(url, requests, signal)
      await scene.untilDrained([ingest, worker])
    })
    assertAccepted(answered)
    add({
      'end to end, sustained': sustained,
      'end to end, ack p99 ms': quantile(answered, 0.99),
    })
    for (const share of openLoopShares) {
      add(await measureLatency(scene, { url, share, sustained, sizes, signal }))
      await scene.untilDrained([ingest, worker])
    }
  } finally {
    await Promise.all([ingest.stop(), worker.stop()])
    await scene.clear()
  }
}

interface Latency {
  readonly url: string
  readonly share: number
  readonly sustained: number
  readonly sizes: Sizes
  readonly signal: AbortSignal
}

async function measureLatency(scene: Scene, options: Latency): Promise<Figures> {
  const { url, share, sustained, sizes, signal } = options
  const rate = sustained * share
  const { svixIds, requests } = scene.buildRequests(Math.ceil(rate * sizes.openLoopSeconds), url)
  const dueAt = new Map<string, number>()
  const acks = await sendOpenLoop(url, requests, {
    perSecond: rate,
    onDue: (index, at) => void dueAt.set(svixIds[index] ?? '', at),
    signal,
  })
  assertAccepted(acks)
  await scene.untilDrained([])
  const committed = await readCommitTimes(scene.databaseUrl, svixIds)
  const rows = svixIds.map((id) => ({
    milliseconds: (committed.get(id) ?? Number.NaN) - (dueAt.get(id) ?? Number.NaN),
  }))
  const name = `at ${share * 100} %`
  return {
    ...quantiles(`${name}, ack`, acks),
    ...quantiles(`${name}, event to row`, rows),
  }
}

function quantiles(name: string, measured: readonly { readonly milliseconds: number }[]): Figures {
  return {
    [`${name} p50 ms`]: quantile(measured, 0.5),
    [`${name} p95 ms`]: quantile(measured, 0.95),
    [`${name} p99 ms`]: quantile(measured, 0.99),
    [`${name} max ms`]: quantile(measured, 1),
  }
}

function quantile(measured: readonly { readonly milliseconds: number }[], share: number): number {
  const sorted = measured.map(({ milliseconds }) => milliseconds).toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}
