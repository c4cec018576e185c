import { damageBy } from './fault.ts'
import type { Damage, Fault } from './fault.ts'
import { buildPathTest } from './path-pattern.ts'
import { createRandom } from './random.ts'
import { createRateLimiter } from './rate-limit.ts'

/** A request whose answer is about to be made. */
export interface Answering {
  path: string
  query: URLSearchParams
  /** How many answers to this hook's paths there were, this one included. */
  page: number
}

type Hook = (answering: Answering) => void | Promise<void>

/** The faults of a fake, switchable while it runs. */
export interface Faults {
  /** Adds a fault; returns a function that removes it. */
  add: (fault: Fault) => () => void
  /**
   * Calls back before an answer is made that no fault prevents, so that a test can change the
   * world between two pages; returns the function that stops it.
   */
  beforeAnswer: (path: string, hook: Hook) => () => void
  /** Removes all faults and hooks and resets the clock. */
  clear: () => void
  /** How far the Date header is ahead of the real time. */
  clockSkewMs: number
}

/** What the server asks of the faults. */
export interface FaultSource {
  damageTo: (path: string, endpoint: string) => Damage
  callHooks: (path: string, query: URLSearchParams) => Promise<void>
}

type ActiveFault = (path: string, endpoint: string, damage: Damage) => Damage

/** Creates faults, none at first. */
export function createFaults(): { faults: Faults; source: FaultSource } {
  const active = new Set<ActiveFault>()
  const hooks = new Set<(path: string, query: URLSearchParams) => void | Promise<void>>()
  const faults: Faults = {
    add: (fault) => include(active, activate(fault)),
    beforeAnswer: (path, hook) => {
      const isMeant = buildPathTest(path)
      let page = 0
      return include(hooks, (asked, query) => {
        if (!isMeant(asked)) return undefined
        page += 1
        return hook({ path: asked, query, page })
      })
    },
    clear: () => {
      active.clear()
      hooks.clear()
      faults.clockSkewMs = 0
    },
    clockSkewMs: 0,
  }
  const source: FaultSource = {
    damageTo: (path, endpoint) => {
      const none: Damage = { delayMs: 0, isMalformed: false, isHanging: false }
      return [...active].reduce((damage, apply) => apply(path, endpoint, damage), none)
    },
    callHooks: async (path, query) => {
      for (const hook of hooks) await hook(path, query)
    },
  }
  return { faults, source }
}

function activate(fault: Fault): ActiveFault {
  const { path: pattern = '/v1/**', times = Infinity, probability = 1, seed = 1 } = fault
  const isMeant = buildPathTest(pattern)
  const random = createRandom(seed)
  const limiter = 'rateLimit' in fault ? createRateLimiter(fault.rateLimit) : undefined
  let left = times
  return (path, endpoint, damage) => {
    if (!isMeant(path) || left <= 0 || random() >= probability) return damage
    left -= 1
    return damageBy(fault, damage, () => limiter?.(endpoint))
  }
}

function include<T>(set: Set<T>, item: T): () => void {
  set.add(item)
  return () => void set.delete(item)
}
