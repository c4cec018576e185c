import { createPostgresBackend } from 'bullmq'
import type { BackendFactory } from 'bullmq'

type Factory = typeof createPostgresBackend
type Backend = ReturnType<Factory>

// Shutdown, crash, start-up, too many connections, a standby, and what has no SQLSTATE at all.
const isLost = /^(08|53|57P|58|25006)/
const lostConnection = /connection|timeout|socket|ECONN|EPIPE|ENOTFOUND/i

/**
 * BullMQ's PostgreSQL backend, where every sign of an unreachable server looks like a refused
 * connection. BullMQ waits and tries again only for that; anything else costs the job an attempt.
 */
export const createPatientPostgresBackend: BackendFactory<
  Backend,
  Parameters<Factory>[1]['connection']
> = (name, options, connections) => {
  const backend = createPostgresBackend(name, options, connections)
  return new Proxy(backend, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target)
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => {
        const result: unknown = Reflect.apply(member, target, args)
        return result instanceof Promise ? result.catch(rethrow) : result
      }
    },
    set: (target, property, value) => Reflect.set(target, property, value, target),
  })
}

function rethrow(error: unknown): never {
  if (!isOutage(error)) throw error
  throw Object.assign(new Error('ECONNREFUSED: the queue can not be reached', { cause: error }), {
    code: 'ECONNREFUSED',
  })
}

function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code)
    ? isLost.test(code)
    : lostConnection.test(`${code ?? ''} ${error.message}`)
}
