import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { AggregatorRegistry } from 'prom-client'
import type { MetricObjectWithValues, MetricValue, Registry } from 'prom-client'
import { withTimeout } from '../timeout.ts'

// A scrape has 10 s as a rule.
const metricsTimeoutMs = 3_000

/** Metrics of a process as prom-client gives them. */
export type Metrics = readonly MetricObjectWithValues<MetricValue<string>>[]

type FromMember =
  | { readonly isStarted: true }
  | { readonly asked: number; readonly metrics: Metrics }

interface ToMember {
  readonly asked: number
}

/** Further processes of an app. The process that has started them takes no part in their work. */
export interface ProcessGroup {
  /**
   * The metrics of all processes, this one included: counters are added up.
   *
   * @throws when one does not answer in 3 s.
   */
  readMetrics(): Promise<string>
  /** Those of the further processes alone, which asks neither queue nor database. @throws in the same case. */
  readMemberMetrics(): Promise<Metrics>
  /** Sends SIGTERM to all and waits for their end. */
  stop(): Promise<void>
}

interface Member {
  readonly child: ChildProcess
  /** Rejects when it ends before. */
  readonly started: Promise<void>
  /** Resolves with how it ended. */
  readonly ended: Promise<string>
}

/**
 * Starts `count` processes of one script, and resolves once all have started. `onEnded` is called when
 * one ends that was not stopped.
 *
 * @throws when one does not start, after the others have ended.
 */
export async function startProcessGroup(options: {
  readonly script: string
  readonly count: number
  readonly registry: Registry
  readonly onEnded: (how: string) => void
}): Promise<ProcessGroup> {
  const members: Member[] = []
  let isStopping = false
  let asked = 0

  async function stop(): Promise<void> {
    isStopping = true
    for (const { child } of members) child.kill('SIGTERM')
    await Promise.all(members.map(({ ended }) => ended))
  }

  async function reportEnd(ended: Promise<string>): Promise<void> {
    const how = await ended
    if (!isStopping) options.onEnded(how)
  }

  function start(): Promise<void> {
    const member = forkMember(options.script)
    members.push(member)
    return member.started
  }

  try {
    // What keeps one from starting keeps all from it, and is told once.
    await start()
    await Promise.all(Array.from({ length: options.count - 1 }, start))
  } catch (error) {
    await stop()
    throw error
  }
  async function addUp(own: Promise<Metrics>[]): Promise<Registry> {
    asked += 1
    const id = asked
    const all = await Promise.all([...own, ...members.map(({ child }) => askForMetrics(child, id))])
    return AggregatorRegistry.aggregate(all.map((metrics) => metrics.map(shown)))
  }

  for (const { ended } of members) void reportEnd(ended)
  return {
    stop,
    readMetrics: async () => await (await addUp([options.registry.getMetricsAsJSON()])).metrics(),
    readMemberMetrics: async () => await (await addUp([])).getMetricsAsJSON(),
  }
}

// Of what can't be added up, such as the time of the start, this process shows its own.
function shown(metric: Metrics[number]): Metrics[number] {
  return (metric.aggregator as string) === 'omit' ? { ...metric, aggregator: 'first' } : metric
}

function forkMember(script: string): Member {
  const child = fork(script)
  const ended = once(child, 'exit').then(([code, signal]) => String(signal ?? code))
  const started = Promise.withResolvers<void>()
  child.on('message', (message: FromMember) => {
    if ('isStarted' in message) started.resolve()
  })
  void ended.then((how) => started.reject(new Error(`one of its processes ended with ${how}`)))
  started.promise.catch(() => undefined)
  return { child, ended, started: started.promise }
}

async function askForMetrics(child: ChildProcess, asked: number): Promise<Metrics> {
  const answer = Promise.withResolvers<Metrics>()
  const onMessage = (message: FromMember) => {
    if ('metrics' in message && message.asked === asked) answer.resolve(message.metrics)
  }
  child.on('message', onMessage)
  try {
    // It may have ended: without a callback that would be an error that nobody catches.
    child.send({ asked } satisfies ToMember, (error) => error && answer.reject(error))
    return await withTimeout(answer.promise, metricsTimeoutMs, 'a process tells no metrics in time')
  } finally {
    child.off('message', onMessage)
  }
}

/** Tells the process that has started this one that it works, and its metrics whenever they are asked for. */
export function joinProcessGroup(registry: Registry): void {
  const tell = (message: FromMember) => process.connected && process.send?.(message)
  process.on('message', ({ asked }: ToMember) => {
    void registry.getMetricsAsJSON().then((metrics) => tell({ asked, metrics }))
  })
  // It has ended without a word to this one.
  const stop = () => process.kill(process.pid, 'SIGTERM')
  if (process.connected) process.once('disconnect', stop)
  else stop()
  tell({ isStarted: true })
}
