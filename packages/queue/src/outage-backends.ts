import { isPostgresOutage } from '@clerk-sync/ops'
import { createPostgresBackend, createRedisBackend } from 'bullmq'
import type { IQueueBackend } from 'bullmq'
import { Client } from 'pg'
import type { Pool } from 'pg'

// Replies of a Redis that can't work now: another role, still loading, no memory left, replicas or
// other cluster nodes missing, a key of the queue that has a wrong type.
const refusals =
  /^(READONLY|UNBLOCKED|LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|MISCONF|OOM|WRONGTYPE)\b/
// What Redis 6 writes before the error of a command in a script: that the script failed, and its line.
const failedScript =
  /^(ERR Error running script \([^)]*\): )?(@user_script: ?\d+: |=\[C\]: -1: )+-?/
// Errors of ioredis when it reaches no node of a cluster.
const unreachable =
  /^(Too many Cluster redirections|Cluster is ended|None of startup nodes|Failed to refresh slots)/

/** The reply of Redis to the command that it refused, also to one in a script: `OOM command not …`. */
export function refusalOf({ message }: Error): string {
  return message.replace(failedScript, '')
}

/** BullMQ's Redis backend. An outage costs no attempt, and is emitted as an `error`. */
export const createOutageRedisBackend: typeof createRedisBackend = (...args) => {
  const backend = createRedisBackend(...args)
  return wrapBackend(backend, {
    isOutage: (error) => refusals.test(refusalOf(error)) || unreachable.test(error.message),
    onOutage: (error) => backend.emit('error', error),
  })
}

/** BullMQ's PostgreSQL backend. An outage costs no attempt, and does not end the process. */
export const createOutagePostgresBackend: typeof createPostgresBackend = (...args) => {
  const backend = createPostgresBackend(...args)
  const { connection } = backend as unknown as { connection: { pool: Pool; pgModule: object } }
  connection.pool.on('connect', (client) => client.on('error', () => undefined))
  connection.pgModule = { Client: ListenClient }
  return wrapBackend(backend, { isOutage: isPostgresOutage, onOutage: () => undefined })
}

// An error of a client that has no listener ends the process. BullMQ adds one when the client has
// connected, and removes it before the client ends. The server may end the session before and after.
class ListenClient extends Client {
  override emit(name: string | symbol, ...args: unknown[]): boolean {
    return (name !== 'error' || this.listenerCount(name) > 0) && super.emit(name, ...args)
  }
}

// BullMQ waits and tries again only after ECONNREFUSED; any other error costs the job an attempt, or
// is followed by the next fetch at once. So every outage is reported as ECONNREFUSED.
function wrapBackend<Backend extends IQueueBackend>(
  backend: Backend,
  { isOutage, onOutage }: { isOutage: (error: Error) => boolean; onOutage: (error: Error) => void },
): Backend {
  function rethrow(error: unknown): never {
    if (!(error instanceof Error) || !isOutage(error)) throw error
    onOutage(error)
    throw Object.assign(new Error('ECONNREFUSED: the queue can not be reached', { cause: error }), {
      code: 'ECONNREFUSED',
    })
  }

  const wrappers = new WeakMap<object, unknown>()
  function wrap(member: (...args: unknown[]) => unknown): unknown {
    const wrapper = (...args: unknown[]) => {
      const result: unknown = Reflect.apply(member, backend, args)
      return result instanceof Promise ? result.catch(rethrow) : result
    }
    wrappers.set(member, wrapper)
    return wrapper
  }

  return new Proxy(backend, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target)
      if (typeof member !== 'function') return member
      return wrappers.get(member) ?? wrap(member as (...args: unknown[]) => unknown)
    },
    set: (target, property, value) => Reflect.set(target, property, value, target),
  })
}
