import { SentinelConnector } from 'ioredis'
import type { Redis } from 'ioredis'

type Options = ConstructorParameters<typeof SentinelConnector>[0]

/**
 * Keeps ioredis from printing a stack for each try to reach a sentinel that is away: its failover
 * detector listens to no errors. Those that matter come as errors of the main client.
 */
export class QuietSentinelConnector extends SentinelConnector {
  constructor(options: unknown) {
    super(options as Options)
    const inner = this as unknown as { connectToSentinel: (...args: unknown[]) => Redis }
    const connect = inner.connectToSentinel.bind(this)
    inner.connectToSentinel = (...args) => connect(...args).on('error', () => undefined)
  }
}
