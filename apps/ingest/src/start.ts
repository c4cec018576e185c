import { answerUnknownPaths, httpServerOptions, limitConnections } from '@clerk-sync/ops/process'
import type { App, Ops } from '@clerk-sync/ops/process'
import {
  checkAckDurability,
  refuseWithoutFsync,
  checkQueue,
  createProducer,
  createQueueErrorLog,
  lossMessages,
  openQueue,
  registerQueueMetrics,
  watchForLoss,
} from '@clerk-sync/queue'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import type { IngestConfig } from './config.ts'
import { createIngestMetrics } from './metrics.ts'
import type { ReceiverDeps } from './webhook-plugin.ts'
import { createRefusalLog } from './refusal-log.ts'
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
  const logger = ops.logger.child({ app: 'ingest' })
  const stopping = new AbortController()
  const logQueueError = createQueueErrorLog(logger)
  const queue = openQueue(config.queue, {
    onError(error) {
      if (!stopping.signal.aborted) logQueueError(error)
    },
  })
  registerQueueMetrics(ops.registry, queue)
  const lossWatch = watchForLoss(ops.registry, queue, (loss) => logger.error(lossMessages[loss]))
  const { ackDurability } = config
  const app = buildIngest({
    producer: createProducer(queue, ackDurability),
    secrets: config.secrets,
    instanceId: config.instanceId,
    kept: config.kept,
    enqueueTimeoutMs: config.enqueueTimeoutMs,
    maxConnections: config.maxConnections,
    maxRequestsWaiting: config.maxRequestsWaiting,
    maxBodyMemoryBytes: config.maxBodyMemoryBytes,
    metrics: createIngestMetrics(ops.registry),
    logger,
    stopping: stopping.signal,
  })
  try {
    if (ackDurability === 'fsync') await refuseWithoutFsync(queue)
    await app.listen({ port: config.PORT, host: config.HOST })
  } catch (error) {
    lossWatch.stop()
    await queue.close()
    throw error
  }
  const address = app.server.address()
  const port = typeof address === 'object' && address ? address.port : config.PORT
  return {
    name: 'ingest',
    webhookUrl: `http://127.0.0.1:${port}${webhookPath}`,
    checks: [
      { name: 'queue', run: () => checkQueue(queue) },
      ...(ackDurability === 'fsync'
        ? [{ name: 'ack_durability', run: () => checkAckDurability(queue) }]
        : []),
    ],
    async close() {
      stopping.abort()
      lossWatch.stop()
      // A connection with an unfinished request would delay the end of the process.
      const timer = setTimeout(() => app.server.closeAllConnections(), closeConnectionsAfterMs)
      await app.close()
      clearTimeout(timer)
      await queue.close()
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
