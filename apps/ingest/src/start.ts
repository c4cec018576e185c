import { createErrorLog } from '@clerk-sync/ops/process'
import type { App, Ops } from '@clerk-sync/ops/process'
import { checkQueue, createProducer, openQueue, registerQueueMetrics } from '@clerk-sync/queue'
import { buildIngest } from './app.ts'
import type { IngestConfig } from './config.ts'
import { createIngestMetrics } from './metrics.ts'
import { webhookPath } from './webhook-plugin.ts'

// A request that waits for the queue is answered before.
const closeConnectionsAfterMs = 4_000

export interface Ingest extends App {
  /** Where Clerk posts to, as seen from this machine. */
  readonly webhookUrl: string
}

/** Starts listening for deliveries. It starts without the queue, too, and takes events once it is there. */
export async function startIngest(config: IngestConfig, ops: Ops): Promise<Ingest> {
  const logger = ops.logger.child({ app: 'ingest' })
  const stopping = new AbortController()
  const logQueueError = createErrorLog(logger, 'the queue has trouble')
  const queue = openQueue(config.queue, {
    onError(error) {
      if (!stopping.signal.aborted) logQueueError(error)
    },
  })
  registerQueueMetrics(ops.registry, queue)
  const app = buildIngest({
    producer: createProducer(queue),
    secrets: config.secrets,
    instanceId: config.instanceId,
    kept: config.kept,
    enqueueTimeoutMs: config.enqueueTimeoutMs,
    metrics: createIngestMetrics(ops.registry),
    logger,
    stopping: stopping.signal,
  })
  try {
    await app.listen({ port: config.PORT, host: config.HOST })
  } catch (error) {
    await queue.close()
    throw error
  }
  const address = app.server.address()
  const port = typeof address === 'object' && address ? address.port : config.PORT
  return {
    name: 'ingest',
    webhookUrl: `http://127.0.0.1:${port}${webhookPath}`,
    checks: [{ name: 'queue', run: () => checkQueue(queue) }],
    async close() {
      stopping.abort()
      // A connection on which nothing arrives would hold up the end of the process.
      const impatience = setTimeout(() => app.server.closeAllConnections(), closeConnectionsAfterMs)
      await app.close()
      clearTimeout(impatience)
      await queue.close()
    },
  }
}
