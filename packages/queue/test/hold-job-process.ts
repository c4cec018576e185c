// Fetches jobs and never finishes them, for a test that kills it.
import { createConsumer } from '../src/index.ts'

createConsumer(JSON.parse(process.env['LOCATION'] ?? ''), {
  concurrency: 1,
  lockDurationMs: 1_000,
  onFailed: () => undefined,
  onStalled: () => undefined,
  onError: () => undefined,
  async process({ jobId }) {
    process.stdout.write(`${jobId}\n`)
    await new Promise(() => undefined)
  },
})
