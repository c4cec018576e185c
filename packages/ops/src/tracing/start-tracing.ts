import type { Logger } from 'pino'
import type { Tracing } from './otlp-tracing.ts'
import { isTracingOn, readTracingSettings } from './tracing-settings.ts'

/**
 * Starts tracing when an OTLP endpoint is set. Otherwise the OpenTelemetry SDK is not loaded, and
 * spans cost next to nothing. `service` is the service name unless OTEL_SERVICE_NAME is set.
 */
export async function startTracing(
  service: string,
  env: NodeJS.ProcessEnv,
  logger: Logger,
): Promise<Tracing> {
  const { settings, problems } = readTracingSettings(env)
  for (const problem of problems) {
    logger.warn({ problem }, 'tracing setting ignored; its default is used')
  }
  if (!isTracingOn(settings)) return { stop: () => Promise.resolve() }
  const { createOtlpTracing } = await import('./otlp-tracing.ts')
  return createOtlpTracing(service, settings, logger)
}
