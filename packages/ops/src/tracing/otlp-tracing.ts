import { setTimeout as sleep } from 'node:timers/promises'
import { context, diag, DiagLogLevel, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { setGlobalErrorHandler, W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
  serviceNameEnvDetector,
} from '@opentelemetry/resources'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { Sampler } from '@opentelemetry/sdk-trace'
import type { Logger } from 'pino'
import { createErrorLog } from '../process/error-log.ts'
import type { Tracing } from './start-tracing.ts'
import type { TracingSettings } from './tracing-settings.ts'

// A collector that is away fails an export every few seconds, for as long as it is away.
const warnEveryMs = 10 * 60_000
// A batch links to all its events, and BATCH_SIZE allows so many.
const linkCountLimit = 1_000

/** Sends spans to an OTLP endpoint from now on. What can't be sent is dropped: tracing holds up nothing. */
export function createOtlpTracing(
  service: string,
  settings: TracingSettings,
  logger: Logger,
): Tracing {
  reportProblems(createErrorLog(logger, 'traces have trouble', warnEveryMs))
  const provider = new TracerProvider({
    resource: buildResource(service),
    sampler: buildSampler(settings),
    spanLimits: { linkCountLimit },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter(),
        scheduledDelayMillis: settings.OTEL_BSP_SCHEDULE_DELAY,
        exportTimeoutMillis: settings.OTEL_BSP_EXPORT_TIMEOUT,
        maxQueueSize: settings.OTEL_BSP_MAX_QUEUE_SIZE,
        maxExportBatchSize: settings.OTEL_BSP_MAX_EXPORT_BATCH_SIZE,
      }),
    ],
  })
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  trace.setGlobalTracerProvider(provider)
  logger.info('tracing')
  return {
    async stop(timeoutMs) {
      const sent = provider.shutdown().catch(() => undefined)
      await Promise.race([sent, sleep(Math.max(0, timeoutMs), undefined, { ref: false })])
    },
  }
}

// Their further arguments may hold whole responses.
function reportProblems(report: (error: Error) => void): void {
  const warn = (message: string) => report(new Error(message))
  const ignore = () => undefined
  diag.setLogger(
    { error: warn, warn, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  )
  setGlobalErrorHandler((error) =>
    report(error instanceof Error ? error : new Error('an export failed')),
  )
}

function buildResource(service: string) {
  const detectors = [
    serviceInstanceIdDetector,
    resourceAttributesEnvDetector,
    serviceNameEnvDetector,
  ]
  return defaultResource()
    .merge(resourceFromAttributes({ 'service.name': service }))
    .merge(detectResources({ detectors }))
}

function buildSampler(settings: TracingSettings): Sampler {
  const { OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: ratio } = settings
  const root = buildRootSampler(name, ratio)
  return name.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root
}

function buildRootSampler(name: string, ratio: number): Sampler {
  if (name.endsWith('traceidratio')) return new TraceIdRatioBasedSampler(ratio)
  return name.endsWith('always_off') ? new AlwaysOffSampler() : new AlwaysOnSampler()
}
