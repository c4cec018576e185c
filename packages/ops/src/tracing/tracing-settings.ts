import { z } from 'zod'
import { count, milliseconds, variable } from '../config.ts'
import type { Settings, Variable } from '../config.ts'

const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const

/**
 * Those of OpenTelemetry's standard variables that clerk-sync reads. The exporter itself reads
 * further ones: all of OTEL_EXPORTER_OTLP_… except the protocol.
 *
 * @see https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export const tracingVariables = {
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint('http://localhost:4318'),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint('http://localhost:4318/v1/traces'),
  OTEL_EXPORTER_OTLP_PROTOCOL: word(['http/protobuf'], 'http/protobuf'),
  OTEL_TRACES_EXPORTER: word(['otlp', 'none'], 'otlp'),
  OTEL_SDK_DISABLED: word(['true', 'false'], 'false'),
  OTEL_SERVICE_NAME: variable(z.string().optional(), 'clerk-sync-worker'),
  OTEL_RESOURCE_ATTRIBUTES: variable(z.string().optional(), 'deployment.environment.name=prod'),
  OTEL_TRACES_SAMPLER: word(samplers, 'parentbased_always_on'),
  OTEL_TRACES_SAMPLER_ARG: variable(ratio(), '0.1'),
  OTEL_BSP_SCHEDULE_DELAY: milliseconds(5_000),
  OTEL_BSP_EXPORT_TIMEOUT: milliseconds(30_000),
  OTEL_BSP_MAX_QUEUE_SIZE: count(2_048, 1_000_000),
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: count(512, 1_000_000),
}

export type TracingSettings = Settings<typeof tracingVariables>

/**
 * Reads the tracing variables. As OpenTelemetry's specification demands, a wrong value is reported
 * in `problems` and counts as unset: it does not keep the process from starting.
 */
export function readTracingSettings(env: NodeJS.ProcessEnv): {
  settings: TracingSettings
  problems: string[]
} {
  const problems: string[] = []
  const read = Object.entries<Variable<unknown>>(tracingVariables).map(([name, schema]) => {
    const parsed = schema.safeParse(env[name] === '' ? undefined : env[name])
    if (parsed.success) return [name, parsed.data]
    problems.push(`${name} ${parsed.error.issues.map(({ message }) => message).join(', ')}`)
    return [name, schema.parse(undefined)]
  })
  return { settings: Object.fromEntries(read) as TracingSettings, problems }
}

/** Whether an endpoint is set and tracing is not switched off. */
export function isTracingOn(settings: TracingSettings): boolean {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: all, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: own } = settings
  const isWanted =
    settings.OTEL_SDK_DISABLED === 'false' && settings.OTEL_TRACES_EXPORTER === 'otlp'
  return isWanted && (all ?? own) !== undefined
}

function endpoint(example: string): Variable<string | undefined> {
  const isHttp = (text: string) => /^https?:$/.test(URL.parse(text)?.protocol ?? '')
  const message = 'must be an http:// or https:// URL'
  return variable(z.string().refine(isHttp, message).optional(), example)
}

function word<Word extends string>(
  words: readonly Word[],
  fallback: NoInfer<Word>,
): Variable<Word> {
  const known = z.enum(words, `must be one of ${words.join(', ')}`)
  const schema = z.string().toLowerCase().default(fallback).pipe(known)
  return variable(schema, fallback)
}

function ratio() {
  const message = 'must be a number from 0 to 1'
  return z.coerce.number(message).min(0, message).max(1, message).default(1)
}
