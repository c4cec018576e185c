import type { Logger } from 'pino'
import { isTracingOn, readTracingSettings } from './tracing-settings.ts'

/** What sends the spans of this process. */
export interface Tracing {
  /** Sends what is left, for this long at the most. */
  stop(timeoutMs: number): Promise<void>
}

/**
 * Starts tracing where an OTLP endpoint is set. Elsewhere nothing of the SDK is loaded, and spans
 * cost next to nothing.
 */
export async function startTracing(
  service: string,
  env: NodeJS.ProcessEnv,
  logger: Logger,
): Promise<Tracing> {
  const { settings, problems } = readTracingSettings(env)
  for (const problem of problems) logger.warn({ problem }, 'a setting of tracing is passed over')
  if (!isTracingOn(settings)) return { stop: () => Promise.resolve() }
  const { createOtlpTracing } = await import('./otlp-tracing.ts')
  return createOtlpTracing(service, settings, logger)
}
