import { extname, join } from 'node:path'
import {
  answerUnknownPaths,
  httpServerOptions,
  limitConnections,
  localUrl,
  startProcessGroup,
} from '@clerk-sync/ops/process'
import type { App, Check, Ops } from '@clerk-sync/ops/process'
import {
  checkAckDurability,
  refuseWithoutFsync,
  checkQueue,
  createProducer,
  createQueueErrorLog,
  lossMessages,
  openQueue,
  registerQueueMetrics,
  reportProcess,
  watchForLoss,
} from '@clerk-sync/queue'
import type { OpenQueue } from '@clerk-sync/queue'
import { createRefusalLog, fingerprintOf } from '@clerk-sync/events'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import type { IngestConfig } from './config.ts'
import { createIngestMetrics } from './metrics.ts'
import type { ReceiverDeps } from './webhook-plugin.ts'
import { webhookPath, webhookPlugin } from './webhook-plugin.ts'

// Longer than a stopping ingest takes to answer a request that waits for the queue.
const closeConnectionsAfterMs = 4_000

export interface Ingest extends App {
  /** Where Clerk posts to, as seen from this machine. */
  readonly webhookUrl: string
}

/**
 * Starts listening for deliveries. It also starts while the queue is unavailable. Until the queue is
 * back, it answers 503.
 */
export async function startIngest(config: IngestConfig, ops: Ops): Promise<Ingest> {
  const watched = await watchQueue(config, ops)
  const { queue, checks } = watched
  const secrets = config.secrets.map(fingerprintOf)
  const reporting = reportProcess(ops, queue, { name: 'ingest', checks, secrets })
  const close = async () => {
    await reporting.stop()
    await watched.close()
  }
  return await receive(config, ops, { ...watched, close })
}

/** Starts one of several processes that listen on one port. Another one watches the queue. */
export async function startOneReceiver(config: IngestConfig, ops: Ops): Promise<Ingest> {
  return await receive(config, ops, openIngestQueue(config, ops), { reusePort: true })
}

/**
 * Starts `INGEST_PROCESSES` processes that listen on one port. This process watches the queue for them.
 * When one ends by itself, all are stopped and this process ends with 1.
 */
export async function startIngestProcesses(config: IngestConfig, ops: Ops): Promise<App> {
  if (config.processes === 1) return await startIngest(config, ops)
  const watched = await watchQueue(config, ops)
  let problem: Error | undefined
  try {
    const group = await startProcessGroup({
      // A .js file in the npm package.
      script: join(import.meta.dirname, `receiver${extname(import.meta.filename)}`),
      count: config.processes,
      registry: ops.registry,
      onEnded(how) {
        problem = new Error(`one of ${config.processes} processes ended by itself with ${how}`)
        process.kill(process.pid, 'SIGTERM')
      },
    })
    const { queue, checks } = watched
    const reporting = reportProcess(ops, queue, {
      name: 'ingest',
      checks,
      secrets: config.secrets.map(fingerprintOf),
      processes: config.processes,
      readMetrics: () => group.readMemberMetrics(),
    })
    return {
      name: 'ingest',
      checks,
      readMetrics: () => group.readMetrics(),
      async close() {
        watched.stop()
        // While the processes can still tell what they have counted.
        await reporting.stop()
        await group.stop()
        await watched.close()
        if (problem) throw problem
      },
    }
  } catch (error) {
    await watched.close()
    throw error
  }
}

interface IngestQueue {
  readonly queue: OpenQueue
  readonly checks: readonly Check[]
  readonly stopping: AbortSignal
  /** Requests that wait for the queue are answered, and its errors are no longer logged. */
  readonly stop: () => void
  readonly close: () => Promise<void>
}

function openIngestQueue(config: IngestConfig, { logger }: Ops): IngestQueue {
  const stopping = new AbortController()
  const logQueueError = createQueueErrorLog(logger.child({ app: 'ingest' }))
  const queue = openQueue(config.queue, {
    onError(error) {
      if (!stopping.signal.aborted) logQueueError(error)
    },
  })
  return {
    queue,
    checks: [],
    stopping: stopping.signal,
    stop: () => stopping.abort(),
    close: () => queue.close(),
  }
}

/** Opens the queue with its metrics and checks. @throws when it can't do what ACK_DURABILITY asks. */
async function watchQueue(config: IngestConfig, ops: Ops): Promise<IngestQueue> {
  const opened = openIngestQueue(config, ops)
  const { queue } = opened
  const logger = ops.logger.child({ app: 'ingest' })
  registerQueueMetrics(ops.registry, queue)
  const lossWatch = watchForLoss(ops.registry, queue, (loss) => logger.error(lossMessages[loss]))
  const isFsync = config.ackDurability === 'fsync'
  const watched = {
    ...opened,
    checks: [
      { name: 'queue', run: () => checkQueue(queue) },
      ...(isFsync ? [{ name: 'ack_durability', run: () => checkAckDurability(queue) }] : []),
    ],
    stop() {
      opened.stop()
      lossWatch.stop()
    },
    async close() {
      lossWatch.stop()
      await opened.close()
    },
  }
  try {
    if (isFsync) await refuseWithoutFsync(queue)
    return watched
  } catch (error) {
    await watched.close()
    throw error
  }
}

/** Listens for deliveries until it is closed. It closes the queue, also when it can't listen. */
async function receive(
  config: IngestConfig,
  ops: Ops,
  opened: IngestQueue,
  more: { reusePort?: true } = {},
): Promise<Ingest> {
  const app = buildIngest({
    producer: createProducer(opened.queue, config.ackDurability),
    secrets: config.secrets,
    instanceId: config.instanceId,
    kept: config.kept,
    enqueueTimeoutMs: config.enqueueTimeoutMs,
    maxConnections: config.maxConnections,
    maxRequestsWaiting: config.maxRequestsWaiting,
    maxBodyMemoryBytes: config.maxBodyMemoryBytes,
    metrics: createIngestMetrics(ops.registry),
    logger: ops.logger.child({ app: 'ingest' }),
    stopping: opened.stopping,
  })
  // Fastify hands its options on to Node, which knows reusePort.
  const listenOptions = { port: config.PORT, host: config.HOST, ...more }
  try {
    await app.listen(listenOptions)
  } catch (error) {
    await opened.close()
    throw error
  }
  return {
    name: 'ingest',
    webhookUrl: `${localUrl(app.server)}${webhookPath}`,
    checks: opened.checks,
    async close() {
      opened.stop()
      // A connection with an unfinished request would delay the end of the process.
      const timer = setTimeout(() => app.server.closeAllConnections(), closeConnectionsAfterMs)
      await app.close()
      clearTimeout(timer)
      await opened.close()
    },
  }
}

export interface IngestDeps extends ReceiverDeps {
  readonly maxConnections: number
}

/** Assembles the HTTP app. The caller listens and closes. */
export function buildIngest(deps: IngestDeps): FastifyInstance {
  const app = Fastify({ ...httpServerOptions, forceCloseConnections: 'idle' })
  const logRefusal = createRefusalLog(deps.logger)
  const refuse = (reason: 'connections' | 'timeout' | 'malformed_http') => {
    deps.metrics.refused(reason)
    logRefusal(reason)
  }
  const connections = limitConnections(app.server, {
    max: deps.maxConnections,
    onRefused: () => refuse('connections'),
  })
  app.server.on('clientError', ({ code }: NodeJS.ErrnoException) => {
    if (code === 'ERR_HTTP_REQUEST_TIMEOUT') refuse('timeout')
    else if (code !== 'ECONNRESET') refuse('malformed_http')
  })
  answerUnknownPaths(app)
  // For platforms that know one port only. What else there is to know is on OPS_PORT.
  app.get('/livez', () => ({ live: true }))
  void app.register(webhookPlugin({ ...deps, connections }))
  return app
}
