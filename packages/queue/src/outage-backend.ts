import type { IQueueBackend } from 'bullmq'

/**
 * A backend of BullMQ's where every sign of an unreachable server looks like a refused connection.
 * BullMQ waits and tries again only for that; anything else costs the job an attempt.
 */
export function createOutageBackend<Backend extends IQueueBackend>(
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
