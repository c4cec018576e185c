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
import { createErrorLog } from '../error-log.ts'
import { waitAtMost } from '../timeout.ts'
import { setTracing } from './spans.ts'
import type { TracingSettings } from './tracing-settings.ts'

// While the collector is unavailable, an export fails every few seconds.
const warnEveryMs = 10 * 60_000
// The span of a batch links to all its events, and BATCH_SIZE allows 1,000 of them.
const linkCountLimit = 1_000

/** The sending of this process's spans. */
export interface Tracing {
  /** Sends the remaining spans. Resolves after `timeoutMs` at the latest. */
  stop(timeoutMs: number): Promise<void>
}

/**
 * Sends spans to an OTLP endpoint from now on. Spans that can't be sent are dropped: tracing delays
 * no other work.
 */
export function createOtlpTracing(
  service: string,
  settings: TracingSettings,
  logger: Logger,
): Tracing {
  reportProblems(
    createErrorLog(logger, 'tracing error; spans that are not sent are dropped', {
      everyMs: warnEveryMs,
    }),
  )
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
  setTracing()
  logger.info('tracing started')
  return {
    async stop(timeoutMs) {
      const sent = provider.shutdown().catch(() => undefined)
      await waitAtMost(sent, Math.max(0, timeoutMs))
    },
  }
}

// Only the message is logged: the further arguments may hold whole responses.
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
