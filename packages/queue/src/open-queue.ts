import { Queue } from 'bullmq'
import { postgresOptions, redisProducerOptions } from './connection.ts'
import type { QueueLocation } from './location.ts'
import { queueName } from './location.ts'
import { createPatientPostgresBackend } from './postgres-backend.ts'

/** A BullMQ queue that fails fast while its server is away. The caller closes it. */
export function openQueue(location: QueueLocation): Queue {
  if (location.kind === 'redis') {
    return new Queue(queueName, {
      connection: redisProducerOptions(location.url),
      prefix: location.prefix,
      skipWaitingForReady: true,
      skipVersionCheck: true,
    })
  }
  const options = { connection: postgresOptions(location, 10) }
  // The class differs in its backend alone; callers never look at that.
  return new Queue(queueName, options, createPatientPostgresBackend) as unknown as Queue
}
