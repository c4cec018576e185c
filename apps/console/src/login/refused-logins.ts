import type { Logger } from '@clerk-sync/ops/process'
import { Counter } from 'prom-client'
import type { Registry } from 'prom-client'
import { networkOf } from './attempt-limit.ts'

/** Why a login is refused. */
export const loginRefusals = ['wrong_password', 'too_many', 'not_allowed'] as const
type LoginRefusal = (typeof loginRefusals)[number]

const windowMs = 60_000
const mostAddresses = 1_000
const shownAddresses = 5

/** Counts and logs refused logins. Whoever creates it closes it. */
export interface RefusedLogins {
  add(reason: LoginRefusal, ip: string): void
  /** Logs what is not logged yet. */
  close(): void
}

/** The first refused login is logged at once, those of the minute after it together. */
export function createRefusedLogins(logger: Logger, registry: Registry): RefusedLogins {
  const counter = new Counter({
    name: 'clerk_sync_console_logins_refused_total',
    help: 'Logins to the console that were refused: a wrong password, too many at once (the password was not compared), or a user of Clerk who may not use the console.',
    labelNames: ['reason'] as const,
    registers: [registry],
  })
  for (const reason of loginRefusals) counter.inc({ reason }, 0)
  const addresses = new Map<string, number>()
  let refused = 0
  let timer: NodeJS.Timeout | undefined

  function report(): void {
    timer = undefined
    if (refused === 0) return
    const from = Object.fromEntries(
      [...addresses].toSorted(([, a], [, b]) => b - a).slice(0, shownAddresses),
    )
    logger.warn(
      { refused, from, addresses: addresses.size },
      'logins to the console were refused in the last minute; if this goes on, somebody guesses: block these addresses in the proxy',
    )
    addresses.clear()
    refused = 0
    timer = setTimeout(report, windowMs).unref()
  }

  return {
    add(reason, ip) {
      counter.inc({ reason })
      if (!timer) {
        logger.warn({ ip, reason }, 'login refused')
        timer = setTimeout(report, windowMs).unref()
        return
      }
      refused += 1
      const network = networkOf(ip)
      const isKept = addresses.has(network) || addresses.size < mostAddresses
      if (isKept) addresses.set(network, (addresses.get(network) ?? 0) + 1)
    },
    close() {
      clearTimeout(timer)
      report()
      clearTimeout(timer)
    },
  }
}
