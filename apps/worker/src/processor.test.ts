import type { Database } from '@clerk-sync/db'
import { DatabaseUnavailableError } from '@clerk-sync/db'
import { buildEventJob, selectKept } from '@clerk-sync/events'
import { buildSample } from '@clerk-sync/events/samples'
import { createLogger } from '@clerk-sync/ops/process'
import { expect, test } from 'vitest'
import { createProcessor } from './processor.ts'

// A real database can't be made to fail in this order; the chain tests have the real outages.
function failingWith(errors: Error[]): Database {
  const fail = () => Promise.reject(errors.shift() ?? new Error('no more errors'))
  return { transaction: fail, ping: fail, close: async () => undefined } as unknown as Database
}

test('an outage that ends in an error of another kind is over all the same', async () => {
  const states: string[] = []
  const kept = selectKept()
  const processor = createProcessor({
    db: failingWith([
      new DatabaseUnavailableError('unavailable'),
      new TypeError('a mistake of ours'),
    ]),
    availability: {
      problem: undefined,
      unavailable: () => void states.push('unavailable'),
      available: () => void states.push('available'),
      onChange: () => undefined,
    },
    metrics: { flushed: () => undefined } as never,
    logger: createLogger({ name: 'test', level: 'silent' }),
    kept,
    rules: { deletionPolicy: 'erase', auditValues: false },
    batchSize: 10,
    reportUnreadable: () => undefined,
    onDeleted: () => undefined,
  })
  const data = buildEventJob(kept, buildSample('user.created'), {
    svixId: 'msg_1',
    svixTimestamp: 0,
    receivedAt: 0,
  })
  const run = {
    jobId: 'msg_1',
    name: 'user.created',
    data,
    enqueuedAt: 0,
    hasFailedBefore: false,
    attempt: 1,
  }
  await expect(processor.process(run)).rejects.toThrow('a mistake of ours')
  expect(states).toEqual(['unavailable', 'available'])
})
