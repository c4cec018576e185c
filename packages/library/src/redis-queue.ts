import { createProducer, createQueueErrorLog, locateQueue, openQueue } from '@clerk-sync/queue'
import type { PlainLogger } from '@clerk-sync/ops'

// A module of its own, which loads bullmq and ioredis, and of the queue's package no more than this needs.
export { CannotEnqueueError } from '@clerk-sync/queue'

/** Opens the queue on Redis, to put events into it. */
export function openRedisQueue(redisUrl: string, logger: PlainLogger) {
  const queue = openQueue(locateQueue({ redisUrl, databaseUrl: undefined }), {
    onError: createQueueErrorLog(logger),
  })
  return { queue, producer: createProducer(queue) }
}
