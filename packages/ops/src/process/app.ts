import type { Logger } from 'pino'
import type { Registry } from 'prom-client'

/** One thing that an app needs to do its work; `run` throws when it is missing. */
export interface Check {
  readonly name: string
  run(): Promise<void>
}

/** A started app. Whoever started it closes it. */
export interface App {
  readonly name: string
  readonly checks: readonly Check[]
  /** Takes no new work, finishes or gives back what it has, and closes its connections. */
  close(): Promise<void>
}

/** What a process lends to the apps that run in it. */
export interface Ops {
  readonly logger: Logger
  readonly registry: Registry
}
