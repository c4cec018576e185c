import { createRedisBackend } from 'bullmq'
import { createOutageBackend } from './outage-backend.ts'

// What a server says that can not do now what it could before: it has another role, still loads,
// has no memory left, misses its replicas or the rest of its cluster.
const refusals =
  /^(READONLY|UNBLOCKED|LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|MISCONF|OOM)\b/
// What ioredis says when it did not get through.
const lostMessages =
  /^(Too many Cluster redirections|Cluster is ended|None of startup nodes|Failed to refresh slots)/

/** BullMQ's Redis backend, patient while the server is away; it emits what the outage was. */
export const createWaitingRedisBackend: typeof createRedisBackend = (...args) => {
  const backend = createRedisBackend(...args)
  return createOutageBackend(backend, {
    isOutage: ({ message }) => refusals.test(message) || lostMessages.test(message),
    onOutage: (error) => backend.emit('error', error),
  })
}
