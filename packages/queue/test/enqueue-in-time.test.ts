import { expect, test } from 'vitest'
import { QueueUnavailableError } from '../src/index.ts'
import { parseRedisUrl } from '../src/redis-address.ts'
import { buildEvent, openProducer } from './open-ends.ts'

test('an event is refused when its timeout is over, and no timer gets a negative delay', async () => {
  const warnings: string[] = []
  const note = ({ name }: Error) => warnings.push(name)
  process.on('warning', note)
  try {
    const address = parseRedisUrl('redis://127.0.0.1:1')
    const { enqueue } = openProducer({ kind: 'redis', address, prefix: '{nowhere}' })
    await expect(enqueue(buildEvent(), -5)).rejects.toThrow(QueueUnavailableError)
    // Node.js emits warnings in a later tick.
    await new Promise(setImmediate)
    expect(warnings).toEqual([])
  } finally {
    process.off('warning', note)
  }
})
