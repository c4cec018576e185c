import { bullQueueOf, jobOptions } from '@clerk-sync/queue/bullmq'
import { measureBatches } from './batches.ts'
import { buildDeliveries, smallestTable } from './deliveries.ts'
import { assertAccepted, measureRate, sendClosedLoop } from './load.ts'
import { measureChain } from './measure-chain.ts'
import type { MeasuredProcess } from './measured-process.ts'
import type { Scene } from './scene.ts'

/** Named values of one round. The unit is a part of the name, where it is not events per second. */
export interface Figures {
  [name: string]: number
}

/** How much a round does. */
export interface Sizes {
  readonly requests: number
  /** How many events the whole chain does before it is measured: until then its code is compiled. */
  readonly warmUp: number
  readonly jobs: number
  readonly guideJobs: number
  readonly openLoopSeconds: number
  readonly batches: number
}

/** Takes values of a round as they are measured. */
export type Add = (figures: Figures) => void

/** As many jobs as a worker of clerk-sync has under way. */
export const ourConcurrency = 600
const addsUnderWay = 64
const addedAtOnce = 100

/** Measures everything once, in turn. On PostgreSQL only what is clerk-sync's own. */
export async function measureRound(
  scene: Scene,
  sizes: Sizes,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<Figures> {
  const figures: Figures = {}
  const add = (some: Figures) => {
    for (const [name, value] of Object.entries(some)) {
      figures[`${scene.backend}: ${name}`] = value
      say(`  ${name}: ${value.toFixed(value < 100 ? 2 : 0)}`)
    }
  }
  await scene.clear()
  if (scene.backend === 'redis') {
    await measureHandlers(scene, sizes, signal, add)
    await measureQueue(scene, sizes, add)
  }
  await measureIngest(scene, sizes, signal, add)
  if (scene.backend === 'redis') await measureBaselineWorkers(scene, sizes, add)
  await measureWorkers(scene, sizes, add)
  if (scene.backend === 'redis') await measureDatabase(scene, sizes, add)
  await measureChain(scene, sizes, signal, add)
  return figures
}

/**
 * Measures as little as shows whether something has become several times as dear: CPU of ingest and of
 * a worker beside that of the plain handler and of the worker that does nothing, and a batch beside one
 * statement.
 */
export async function measureCosts(
  scene: Scene,
  sizes: Sizes,
  signal: AbortSignal,
): Promise<Figures> {
  const figures: Figures = {}
  const add = (some: Figures) => void Object.assign(figures, some)
  await measureHandlers(scene, sizes, signal, add, ['plain-handler'])
  await measureIngest(scene, sizes, signal, add)
  const { jobs } = sizes
  const idle = await measureDrain(scene, {
    jobs,
    start: async () => [await scene.startBaselineWorker('idle-worker', ourConcurrency)],
  })
  const worker = await measureDrain(scene, { jobs, start: async () => [await scene.startWorker()] })
  await measureDatabase(scene, sizes, add)
  return {
    ...figures,
    'idle-worker, CPU µs': idle.cpuMicroseconds,
    'worker, CPU µs': worker.cpuMicroseconds,
  }
}

async function measureHandlers(
  scene: Scene,
  sizes: Sizes,
  signal: AbortSignal,
  add: Add,
  names = ['constant', 'plain-handler', 'guide-handler', 'package-handler'],
) {
  for (const name of names) {
    const { handler, url } = await scene.startHandler(name)
    const amount = name === 'guide-handler' ? sizes.guideJobs : sizes.requests
    const sent = await measureRequests(scene, { handler, url, amount, signal })
    await handler.stop()
    await scene.clear()
    add({ [name]: sent.perSecond, [`${name}, CPU µs`]: sent.cpuMicroseconds })
  }
}

async function measureIngest(scene: Scene, sizes: Sizes, signal: AbortSignal, add: Add) {
  const { ingest, url } = await scene.startIngest()
  const before = await usedRedisBytes(scene)
  const servers = await scene.readServerCpu()
  const amount = sizes.requests
  const sent = await measureRequests(scene, { handler: ingest, url, amount, signal })
  const spent = await serverMicroseconds(scene, servers, amount)
  add({
    ingest: sent.perSecond,
    'ingest, CPU µs': sent.cpuMicroseconds,
    'ingest, MB at most': ingest.readPeakMegabytes(),
    [`ingest, ${scene.backend} CPU µs`]: spent[scene.backend],
  })
  if (scene.backend === 'redis') {
    add({ 'bytes of Redis per waiting event': ((await usedRedisBytes(scene)) - before) / amount })
  }
  await ingest.stop()
  await scene.clear()
}

interface Requests {
  readonly handler: MeasuredProcess
  readonly url: string
  readonly amount: number
  readonly signal: AbortSignal
}

async function measureRequests(scene: Scene, { handler, url, amount, signal }: Requests) {
  // A process is slower until its code is compiled.
  const warmUp = scene.buildRequests(Math.ceil(amount / 10), url)
  assertAccepted(await sendClosedLoop(url, warmUp.requests, signal))
  const { requests } = scene.buildRequests(amount, url)
  const cpuSeconds = handler.readCpuSeconds()
  const startedAt = performance.now()
  assertAccepted(await sendClosedLoop(url, requests, signal))
  const seconds = (performance.now() - startedAt) / 1_000
  return {
    perSecond: amount / seconds,
    cpuMicroseconds: ((handler.readCpuSeconds() - cpuSeconds) * 1e6) / amount,
  }
}

async function measureQueue(scene: Scene, sizes: Sizes, add: Add) {
  const queue = bullQueueOf(scene.queue)
  const deliveries = buildDeliveries(sizes.jobs, smallestTable)
  const toJob = ({ svixId, job }: (typeof deliveries)[number]) => ({
    name: job.type,
    data: job,
    opts: { ...jobOptions, jobId: svixId },
  })
  const waiting = deliveries.values()
  const addNext = async () => {
    for (const delivery of waiting) {
      const { name, data, opts } = toJob(delivery)
      await queue.add(name, data, opts)
    }
  }
  const one = await measureRate(sizes.jobs, async () => {
    await Promise.all(Array.from({ length: addsUnderWay }, addNext))
  })
  await scene.clear()
  const bulk = await measureRate(sizes.jobs, async () => {
    for (let start = 0; start < sizes.jobs; start += addedAtOnce) {
      await queue.addBulk(deliveries.slice(start, start + addedAtOnce).map(toJob))
    }
  })
  await scene.clear()
  add({ 'Queue.add': one, [`Queue.addBulk of ${addedAtOnce}`]: bulk })
}

async function measureBaselineWorkers(scene: Scene, sizes: Sizes, add: Add) {
  const idle = await measureDrain(scene, {
    jobs: sizes.jobs,
    start: async () => [await scene.startBaselineWorker('idle-worker', ourConcurrency)],
  })
  add({ 'idle-worker': idle.perSecond, 'idle-worker, CPU µs': idle.cpuMicroseconds })
  for (const concurrency of [1, ourConcurrency]) {
    const guide = await measureDrain(scene, {
      jobs: concurrency === 1 ? Math.ceil(sizes.guideJobs / 3) : sizes.guideJobs,
      start: async () => [await scene.startBaselineWorker('guide-worker', concurrency)],
    })
    add({ [`guide-worker, concurrency ${concurrency}`]: guide.perSecond })
  }
}

async function measureWorkers(scene: Scene, sizes: Sizes, add: Add) {
  for (const count of [1, 2]) {
    const name = count === 1 ? 'drain, 1 worker' : `drain, ${count} workers`
    const drained = await measureDrain(scene, {
      jobs: sizes.jobs,
      start: () => Promise.all(Array.from({ length: count }, () => scene.startWorker())),
    })
    add({ [name]: drained.perSecond, [`${name}, CPU µs`]: drained.cpuMicroseconds })
    if (count > 1) continue
    add({
      [`${name}, PostgreSQL CPU µs`]: drained.servers.postgres,
      [`${name}, MB at most`]: drained.peakMegabytes,
    })
    if (scene.backend === 'redis') add({ [`${name}, Redis CPU µs`]: drained.servers.redis })
  }
}

/** Lets workers that are ready loose on a queue that was paused, until it is empty. */
export async function measureDrain(
  scene: Scene,
  { jobs, start }: { jobs: number; start: () => Promise<MeasuredProcess[]> },
) {
  const queue = bullQueueOf(scene.queue)
  await queue.pause()
  const starting = start()
  const filling = scene.fill(jobs)
  try {
    const [workers] = await Promise.all([starting, filling])
    const cpuOf = () => workers.reduce((sum, worker) => sum + worker.readCpuSeconds(), 0)
    const cpuSeconds = cpuOf()
    const servers = await scene.readServerCpu()
    const rate = await measureRate(jobs, async () => {
      await queue.resume()
      await scene.untilDrained(workers)
    })
    return {
      perSecond: rate,
      cpuMicroseconds: ((cpuOf() - cpuSeconds) * 1e6) / jobs,
      servers: await serverMicroseconds(scene, servers, jobs),
      peakMegabytes: Math.max(...workers.map((worker) => worker.readPeakMegabytes())),
    }
  } finally {
    const [started] = await Promise.allSettled([starting, filling])
    if (started.status === 'fulfilled') {
      await Promise.all(started.value.map((worker) => worker.stop()))
    }
    await scene.clear()
  }
}

async function measureDatabase(scene: Scene, { batches }: Sizes, add: Add) {
  const times = await measureBatches(scene.databaseUrl, { users: smallestTable, repeats: batches })
  add({
    'batch of 1, ms': times.single,
    'batch of 200, ms': times.batch,
    'one statement for 200, ms': times.oneStatement,
  })
}

async function serverMicroseconds(
  scene: Scene,
  before: { postgres: number; redis: number },
  amount: number,
) {
  const after = await scene.readServerCpu()
  return {
    postgres: ((after.postgres - before.postgres) * 1e6) / amount,
    redis: ((after.redis - before.redis) * 1e6) / amount,
  }
}

async function usedRedisBytes({ redis }: Scene): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1])
}
