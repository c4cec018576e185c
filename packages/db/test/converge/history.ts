import * as fc from 'fast-check'

/** One event of a history, as Clerk reports it. Times are milliseconds. */
export interface HistoryEvent {
  readonly svixId: string
  readonly type: string
  readonly id: string
  readonly occurredAt: number
  /** Absent in deletes of users and organizations, as in Clerk's. */
  readonly updatedAt?: number
  readonly data: Readonly<Record<string, unknown>>
  readonly deliveries: readonly Delivery[]
}

/** One arrival: events arrive in the order of `at`, each at one of the writers. */
interface Delivery {
  readonly at: number
  readonly writer: number
  /** Whether the writer's batch ends here. */
  readonly cut: boolean
}

export interface History {
  readonly steps: readonly Step[]
  readonly writers: number
}

/** What may happen, with how often. */
const actions = {
  createUser: 1,
  updateUser: 3,
  moveAddress: 2,
  deleteUser: 1,
  createOrganization: 1,
  updateOrganization: 2,
  deleteOrganization: 1,
  join: 2,
  changeRole: 2,
  leave: 1,
  rejoin: 2,
  deleteAgain: 1,
}
type Action = keyof typeof actions

export interface Step {
  readonly action: Action
  readonly pick: number
  readonly other: number
  /** How long after the step before; 0 makes a tie in updated_at. */
  readonly tick: number
  readonly text: string | null
  /** One for each event that the step may cause. */
  readonly sendings: readonly Sending[]
}

interface Sending {
  readonly hasTimestamp: boolean
  readonly delay: number
  readonly svix: number
  readonly deliveries: readonly Delivery[]
}

const weighted = Object.entries(actions).flatMap(([action, weight]) =>
  Array.from({ length: weight }, () => action as Action),
)

/** Random histories of a small world, in which the same few entities meet again and again. */
export function history(maxSteps: number): fc.Arbitrary<History> {
  const delivery = fc.record({ at: fc.nat(1_000), writer: fc.nat(3), cut: fc.boolean() })
  const sending = fc.record({
    hasTimestamp: fc.integer({ min: 0, max: 4 }).map((number) => number > 0),
    delay: fc.constantFrom(0, 0, 0, 1, 25, 1_500),
    svix: fc.nat(99),
    deliveries: fc.array(delivery, { minLength: 1, maxLength: 3 }),
  })
  const step = fc.record({
    action: fc.constantFrom(...weighted),
    pick: fc.nat(11),
    other: fc.nat(11),
    tick: fc.constantFrom(0, 0, 0, 1, 30, 1_000, 60_000),
    text: fc.option(fc.string({ maxLength: 5 }).map(storable)),
    sendings: fc.array(sending, { minLength: 4, maxLength: 4 }),
  })
  return fc.record({
    steps: fc.array(step, { minLength: 1, maxLength: maxSteps, size: 'max' }),
    writers: fc.integer({ min: 1, max: 4 }),
  })
}

// PostgreSQL stores neither NUL nor lone surrogates; the HTTP edge replaces them.
const storable = (text: string) => text.toWellFormed().replaceAll('\0', '?')
