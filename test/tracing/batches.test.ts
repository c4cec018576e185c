import { buildSample } from '@clerk-sync/events/samples'
import type { ReceivedSpan } from '@clerk-sync/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openScene } from './scene.ts'
import type { Scene, Trace } from './scene.ts'

type Sent = readonly { svixId: string }[]

const events = 50
// A span begins at a whole millisecond of the clock.
const tick = 1_000_000n
let scene: Scene
let unsampled: Sent
let sampled: Sent

// All of them wait when the worker comes, those of which nothing is recorded first.
beforeAll(async () => {
  scene = await openScene({ redis: 13 })
  await scene.startIngest({ OTEL_TRACES_SAMPLER: 'Always_Off' })
  unsampled = await sendMany()
  await scene.startIngest()
  sampled = await sendMany()
  await scene.startWorker()
  await scene.untilWritten([...unsampled, ...sampled])
})
afterAll(() => scene.close())

async function sendMany(): Promise<Sent> {
  return Promise.all(Array.from({ length: events }, () => scene.send(buildSample('user.created'))))
}

/** Where the statements of this `write batch` are: under itself, or under the span that it links to. */
function homeOf(batch: ReceivedSpan, spans: Trace): ReceivedSpan {
  const isHome = spans.some(({ kind, parentId }) => kind === 'client' && parentId === batch.spanId)
  const home = isHome ? batch : spans.find(({ spanId }) => spanId === batch.links[0]?.spanId)
  if (!home) throw new Error('the link leads nowhere')
  return home
}

test('every event has a trace of its own, which leads to the statements of its batch and back', async () => {
  const traces = await Promise.all(sampled.map(({ svixId }) => scene.traceOf(svixId)))
  expect(new Set(traces.map(([first]) => first?.traceId)).size).toBe(events)

  const { spans } = scene.receiver
  const homes = new Set<ReceivedSpan>()
  for (const trace of traces) {
    const [attempt] = trace.filter(({ kind }) => kind === 'consumer')
    const [batch] = trace.filter(({ name }) => name === 'write batch')
    if (!attempt || !batch) throw new Error('the trace is not whole')
    expect(batch.parentId).toBe(attempt.spanId)
    const home = homeOf(batch, spans)
    homes.add(home)
    const written = spans.filter(({ parentId }) => parentId === home.spanId)
    for (const name of ['INSERT users', 'COMMIT']) {
      const statement = written.find((span) => span.name === name)
      expect(statement?.startedAt).toBeGreaterThanOrEqual(batch.startedAt - tick)
      expect(statement?.endedAt).toBeLessThanOrEqual(batch.endedAt + tick)
    }
    const known = [home.parentId, ...home.links.map(({ spanId }) => spanId)]
    expect(known).toContain(attempt.spanId)
    expect(home.attributes['clerk_sync.batch.size']).toBeGreaterThanOrEqual(known.length)
  }
  expect(homes.size).toBeLessThan(events / 5)
})

test('of an event that ingest did not sample the worker tells nothing either', () => {
  const ids = new Set(unsampled.map(({ svixId }) => svixId))
  const told = scene.receiver.spans.filter(({ attributes }) =>
    ids.has(String(attributes['messaging.message.id'])),
  )
  expect(told).toEqual([])
})
