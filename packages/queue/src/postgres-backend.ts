import { createPostgresBackend } from 'bullmq'
import type { BackendFactory } from 'bullmq'

type Factory = typeof createPostgresBackend
type Backend = ReturnType<Factory>

// The same as in packages/db/src/database-error.ts, which can't be imported from here.
const lostStates = /^(08|28|40|53|57P|58)|^(25006|3D000|55P03)$/
const socketCodes = /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOST|ENET|EADDRNOTAVAIL)/
// What node-postgres says without a code.
const lostMessages = /^(Connection terminated|timeout e|Query read timeout|Client has encountered)/

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
  const code = 'code' in error ? String(error.code) : ''
  return lostStates.test(code) || socketCodes.test(code) || lostMessages.test(error.message)
}
