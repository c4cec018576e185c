import { setTimeout as sleep } from 'node:timers/promises'
import { readQueueDepth } from '@clerk-sync/queue'
import type { OpenQueue } from '@clerk-sync/queue'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import type { MeasuredApp } from './measured-app.ts'

const pollMs = 20

/** Lets workers that are ready loose on a queue that was paused, until it is empty. */
export async function drainQueue(options: {
  queue: OpenQueue
  workers: readonly MeasuredApp[]
  signal: AbortSignal
}) {
  const { queue, workers, signal } = options
  const readCpu = async () => {
    const all = await Promise.all(workers.map((worker) => worker.readCpuSeconds()))
    return all.reduce((sum, seconds) => sum + seconds, 0)
  }
  const cpuSeconds = await readCpu()
  const startedAt = performance.now()
  await bullQueueOf(queue).resume()
  for (;;) {
    signal.throwIfAborted()
    for (const worker of workers) worker.assertRunning()
    const { waiting, active, delayed } = await readQueueDepth(queue)
    if (waiting + active + delayed === 0) break
    await sleep(pollMs)
  }
  return {
    seconds: (performance.now() - startedAt) / 1_000,
    cpuSeconds: (await readCpu()) - cpuSeconds,
    peakMegabytes: workers.map((worker) => worker.readPeakMegabytes()),
  }
}
