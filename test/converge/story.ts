import { randomBytes } from 'node:crypto'
import { buildSample } from '@clerk-sync/events/samples'
import type { EventType } from '@clerk-sync/events'
import * as fc from 'fast-check'
import { actions, createScene } from './scene.ts'
import type { Action } from './scene.ts'

type Sample = ReturnType<typeof buildSample>

/** One event of a story: a whole webhook body, and the deliveries that carry it. */
export interface StoryEvent {
  readonly svixId: string
  /** The second in the svix-timestamp header, the same in every delivery. */
  readonly svixTimestamp: number
  readonly body: Omit<Sample, 'timestamp'> & { timestamp?: number }
  /** Deliveries go out in the order of these numbers. */
  readonly sendAt: readonly number[]
}

const names = Object.keys(actions) as Action[]
const rare = new Set<Action>(['deleteUser', 'deleteOrganization', 'deleteDomain'])

const step = fc.record({
  action: fc.constantFrom(...names, ...names.filter((name) => !rare.has(name))),
  who: fc.nat(1),
  tick: fc.constantFrom(0, 0, 1, 40, 1_000),
  delay: fc.constantFrom(0, 0, 20),
  hasTimestamp: fc.integer({ min: 0, max: 4 }).map((number) => number > 0),
  text: fc.string({ maxLength: 6, unit: 'grapheme' }),
  svix: fc.nat(99),
  sendAt: fc.array(fc.nat(10_000), { minLength: 1, maxLength: 3 }),
})
export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

export const steps = fc.array(step, { minLength: 12, maxLength: 30, size: 'max' })

/**
 * What Clerk sends while this happens to two users and their organization. The ids are new at every
 * call; the clock starts at `start`, in milliseconds, and runs for less than a minute.
 */
export function tell(given: readonly Step[], start: number): StoryEvent[] {
  const tag = randomBytes(6).toString('hex')
  const events: StoryEvent[] = []
  let sending: Step | undefined

  function send(type: EventType, id: string, data: object, updatedAt: number): void {
    if (!sending) return
    const { timestamp: _, ...body } = buildSample(type, { id, now: updatedAt })
    const published = scene.now + sending.delay
    events.push({
      svixId: `msg_${tag}_${sending.svix}_${events.length}`,
      svixTimestamp: Math.floor(published / 1000),
      body: {
        ...body,
        ...(sending.hasTimestamp ? { timestamp: published } : {}),
        data: { ...body.data, ...data },
      },
      sendAt: sending.sendAt.map((at) => at + events.length),
    })
  }

  const scene = createScene(tag, start, send)
  for (const next of given) {
    sending = next
    scene.now += next.tick
    actions[next.action](scene, next)
  }
  return events
}
