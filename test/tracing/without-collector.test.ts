import { join } from 'node:path'
import { buildSample } from '@clerk-sync/events/samples'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import { listenAnywhere } from '@clerk-sync/testing'
import { expect, onTestFinished, test } from 'vitest'
import { openScene } from './scene.ts'

const nameModules = {
  NODE_OPTIONS: `--import=${join(import.meta.dirname, 'name-modules-process.ts')}`,
}
const countTracingErrors = (log: string) =>
  log.split('"msg":"tracing error; spans that are not sent are dropped"').length - 1

test('without an endpoint nothing of the SDK is loaded, and jobs carry no trace', async () => {
  const scene = await openScene({ redis: 14 })
  onTestFinished(() => scene.close())
  const off = await scene.startIngest({ ...nameModules, OTEL_EXPORTER_OTLP_ENDPOINT: '' })
  const { svixId } = await scene.send(buildSample('user.created'))
  const job = await bullQueueOf(scene.queue).getJob(svixId)
  expect(job?.opts.telemetry).toBeUndefined()
  await job?.remove()
  expect(off.output.stderr).toContain('@opentelemetry/api')
  expect(off.output.stderr).not.toMatch(/@opentelemetry\/(?!api)/)
  expect(scene.receiver.bodies).toEqual([])
})

test('a collector that refuses or is silent holds up neither events nor the end, and is told once', async () => {
  const scene = await openScene({ redis: 14 })
  onTestFinished(() => scene.close())
  const silent = await listenAnywhere()
  onTestFinished(() => void silent.server.close())
  const unreachable = (port: number) => ({
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://user:collector-s3cret@127.0.0.1:${port}`,
  })
  const [ingest, worker] = await Promise.all([
    scene.startIngest({ ...unreachable(1), ...nameModules, OTEL_EXPORTER_OTLP_TIMEOUT: '100' }),
    scene.startWorker(unreachable(silent.port)),
  ])
  expect(ingest.output.stderr).toContain('@opentelemetry/sdk-trace')
  for (let round = 0; round < 5; round++) {
    await scene.untilWritten([await scene.send(buildSample('user.created'))])
  }
  await expect.poll(() => countTracingErrors(ingest.output.stdout)).toBe(1)

  const stoppedAt = performance.now()
  for (const one of [ingest, worker]) one.kill('SIGTERM')
  expect(await Promise.all([ingest.exitCode(), worker.exitCode()])).toEqual([0, 0])
  expect(performance.now() - stoppedAt).toBeLessThan(4_000)
  expect(countTracingErrors(ingest.output.stdout)).toBe(1)
  expect(countTracingErrors(worker.output.stdout)).toBeLessThanOrEqual(1)
  expect(ingest.output.stdout + worker.output.stdout).not.toContain('s3cret')
})
