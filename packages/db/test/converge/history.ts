import * as fc from 'fast-check'
import { deletionPolicies } from '../../src/index.ts'
import type { DeletionPolicy } from '../../src/index.ts'
import { topics } from './world/actions.ts'
import type { Topic } from './world/actions.ts'

/** A small world's life: what happens in it, and how its events reach the tables. */
export interface History {
  readonly policy: DeletionPolicy
  /** What it is about: of fewer topics the same few things meet more often. */
  readonly topics: readonly Topic[]
  readonly steps: readonly Step[]
  readonly writers: number
}

export interface Step {
  /** Which of the topics' actions. */
  readonly action: number
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

/** One arrival: events arrive in the order of `at`, each at one of the writers. */
export interface Delivery {
  readonly at: number
  readonly writer: number
  /** Whether the writer's batch ends here. */
  readonly cut: boolean
  /** How the writer dies whose batch begins here. */
  readonly crash: Crash | undefined
}

/** A writer is killed; the queue gives its batch to a writer again. */
export interface Crash {
  /** So many statements it still runs; after its commit, where it needs no more. */
  readonly statements: number
  /** Without a word, or because the server ends its connection. */
  readonly how: 'silent' | 'disconnected'
  readonly successor: number
  /** So many other arrivals come before those of its batch. */
  readonly later: number
  readonly batchSize: number
}

const crash: fc.Arbitrary<Crash> = fc.record({
  statements: fc.nat(16),
  how: fc.constantFrom('silent', 'silent', 'disconnected'),
  successor: fc.nat(3),
  later: fc.nat(30),
  batchSize: fc.integer({ min: 1, max: 5 }),
})

const delivery: fc.Arbitrary<Delivery> = fc.record({
  at: fc.nat(1_000),
  writer: fc.nat(3),
  cut: fc.integer({ min: 0, max: 2 }).map((number) => number === 0),
  crash: fc.oneof(
    { weight: 14, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: crash },
  ),
})

const sending: fc.Arbitrary<Sending> = fc.record({
  hasTimestamp: fc.integer({ min: 0, max: 4 }).map((number) => number > 0),
  delay: fc.constantFrom(0, 0, 0, 1, 25, 1_500),
  svix: fc.nat(99),
  deliveries: fc.oneof(
    { weight: 2, arbitrary: fc.array(delivery, { minLength: 1, maxLength: 1 }) },
    { weight: 1, arbitrary: fc.array(delivery, { minLength: 2, maxLength: 3 }) },
  ),
})

const step: fc.Arbitrary<Step> = fc.record({
  action: fc.nat(999),
  pick: fc.nat(11),
  other: fc.nat(11),
  tick: fc.constantFrom(0, 0, 0, 1, 30, 1_000, 60_000),
  text: fc.option(fc.string({ maxLength: 5 }).map(storable)),
  sendings: fc.array(sending, { minLength: 4, maxLength: 4 }),
})

/** Random histories of a small world, in which the same few things meet again and again. */
export function history(maxSteps: number): fc.Arbitrary<History> {
  return fc.record({
    policy: fc.constantFrom(...deletionPolicies),
    topics: fc.subarray([...topics], { minLength: 1 }),
    steps: fc.array(step, { minLength: 1, maxLength: maxSteps, size: 'max' }),
    writers: fc.integer({ min: 1, max: 4 }),
  })
}

// PostgreSQL stores neither NUL nor lone surrogates; the HTTP edge replaces them.
function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '?')
}
