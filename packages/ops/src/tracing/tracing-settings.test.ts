import { expect, test } from 'vitest'
import { isTracingOn, readTracingSettings, tracingVariables } from './tracing-settings.ts'

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel.internal:4318' }
const own = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://otel.internal/v1/traces' }
const isOn = (env: NodeJS.ProcessEnv) => isTracingOn(readTracingSettings(env).settings)

test.each([
  [endpoint, true],
  [own, true],
  [{ ...endpoint, OTEL_SDK_DISABLED: 'False', OTEL_TRACES_EXPORTER: 'otlp' }, true],
  [{}, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'otel.internal:4318' }, false],
  [{ ...endpoint, OTEL_SDK_DISABLED: 'TRUE' }, false],
  [{ ...endpoint, OTEL_TRACES_EXPORTER: 'none' }, false],
])('with %j tracing is on: %j', (env, expected) => {
  expect(isOn(env)).toBe(expected)
})

test('a wrong value counts as unset and is reported, but not shown', () => {
  const wrong = Object.fromEntries(Object.keys(tracingVariables).map((name) => [name, 's3cret']))
  const { settings, problems } = readTracingSettings(wrong)
  const free = { OTEL_SERVICE_NAME: 's3cret', OTEL_RESOURCE_ATTRIBUTES: 's3cret' }
  expect(settings).toEqual({ ...readTracingSettings({}).settings, ...free })
  expect(problems).toHaveLength(Object.keys(wrong).length - Object.keys(free).length)
  expect(problems.join()).not.toContain('s3cret')
  expect(problems).toContain('OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1')
})

test('upper and lower case do not matter', () => {
  const { settings } = readTracingSettings({ OTEL_TRACES_SAMPLER: 'ParentBased_TraceIdRatio' })
  expect(settings.OTEL_TRACES_SAMPLER).toBe('parentbased_traceidratio')
})
