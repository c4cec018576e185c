import { expect, test } from 'vitest'
import { partOf } from './failed-section.ts'
import { quantile, summarize } from './summarize.ts'
import type { Minutes } from './summarize.ts'

const buckets = [
  { lower: 0.05, upper: 0.1, count: 50 },
  { lower: 0.1, upper: 0.5, count: 49 },
  { lower: 15, upper: Infinity, count: 1 },
]

test.each([
  [0.25, 0.075],
  [0.5, 0.1],
  [0.99, 0.5],
  // More is not known of what is above the last bound.
  [1, 15],
])('the quantile %d lies where Prometheus would say', (share, expected) => {
  expect(quantile(buckets, share)).toBeCloseTo(expected)
})

test('there is no quantile of nothing', () => {
  expect(quantile([], 0.5)).toBeUndefined()
})

test('a span has its own minutes, and those that nobody reported count as nothing', () => {
  const queue = { waiting: 3, active: 0, delayed: 0, failed: 1, oldestMs: 500 }
  const minutes: Minutes = new Map([
    [9, { minute: 9, counts: { 'outcomes.applied': 1_000 }, queue: undefined }],
    [
      10,
      {
        minute: 10,
        counts: { 'outcomes.applied': 50, 'refusals.no_match': 2, 'refusals.doctor': 9 },
        queue,
      },
    ],
    [11, { minute: 11, counts: { 'repeated.all': 4 }, queue: undefined }],
    [12, { minute: 12, counts: { 'outcomes.stale': 10, 'failures.true': 1 }, queue: undefined }],
  ])
  const summary = summarize(minutes, { since: 10, until: 13, seconds: 180 })
  expect(summary).toMatchObject({ isKnown: true, events: 60, refused: 2, repeated: 4, failed: 1 })
  expect(summary.waiting).toBe(3)
  expect(summary.perSecond).toBeCloseTo(60 / 180)
  const empty = summarize(minutes, { since: 20, until: 25, seconds: 300 })
  expect(empty).toMatchObject({ isKnown: false, events: 0, waiting: undefined })
})

test.each([
  ['SQLSTATE 23514 (constraint no_lovelace)', 'SQLSTATE 23514 (constraint no_lovelace)'],
  ['SQLSTATE 23505: Key (email)=(…) already exists', 'SQLSTATE 23505: Key (email)'],
  ['column "…" does not exist in …', 'does not exist in'],
  ['"…" is … no', ''],
])('the part of %j that every job of the group has', (reason, part) => {
  expect(partOf(reason)).toBe(part)
})
