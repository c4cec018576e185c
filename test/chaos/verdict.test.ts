import { expect, test } from 'vitest'
import { renderReport } from './report.ts'
import type { RunResult } from './run.ts'
import { problemsOf } from './verdict.ts'

const findings: RunResult['findings'] = {
  published: 9,
  acknowledged: 9,
  inLedger: 9,
  failed: [],
  lostWithRedis: 0,
  lost: [],
  wrong: [],
  problems: [],
}
const recovered = { played: 2, recoveriesMs: [100], unrecovered: 0 }
const good: RunResult = {
  backend: 'redis',
  seed: 1,
  seconds: 60,
  findings,
  svix: {
    published: 9,
    attempts: 9,
    redeliveries: 0,
    statuses: new Map([[200, 9]]),
    worstAckMs: 1,
    worstUntilAckMs: 1,
  },
  injection: {
    counts: new Map([['worker killed', recovered]]),
    leftOut: new Map([['disk of Redis full', 'only root may mount a disk of its own']]),
    untouched: ['wrong clock'],
    problems: [],
  },
  peaks: { megabytes: {}, handles: {}, redisMegabytes: 0, samples: [] },
  redisLosses: 2,
  lossesSeen: 1,
  lossesNamed: 1,
  crashes: [],
  messages: new Map(),
}
const injection = good.injection!

test('a run in which all is well is good, also where a fault needs root or its turn did not come', () => {
  expect(problemsOf(good)).toEqual([])
  expect(renderReport(good)).toContain('chaos on redis, seed 1, 60 s: good')
  expect(renderReport(good)).toContain('wrong clock: not played, its turn did not come')
})

const bad: [what: string, line: string, result: RunResult][] = [
  [
    'a lost event',
    'lost: msg_1 user.created',
    { ...good, findings: { ...findings, lost: ['msg_1 user.created'] } },
  ],
  [
    'a wrong row',
    'wrong row: - users x',
    { ...good, findings: { ...findings, wrong: ['- users x'] } },
  ],
  [
    'an event that was never taken',
    '1 events were never answered 2xx',
    { ...good, findings: { ...findings, acknowledged: 8 } },
  ],
  [
    'a failed job',
    'left in the failed set: 2 × user.created',
    { ...good, findings: { ...findings, failed: ['2 × user.created'] } },
  ],
  [
    'a fault that could not be played',
    'table locked: no connection',
    { ...good, injection: { ...injection, problems: ['table locked: no connection'] } },
  ],
  [
    'a recovery that was not seen',
    'worker killed: 1 times no recovery seen',
    {
      ...good,
      injection: {
        ...injection,
        counts: new Map([['worker killed', { ...recovered, unrecovered: 1 }]]),
      },
    },
  ],
  ['a crash', 'worker 1 ended with 1', { ...good, crashes: ['worker 1 ended with 1'] }],
  [
    'a loss of Redis that nobody named',
    'Redis was lost 1 times where a process could notice; 0 log lines say so',
    { ...good, lossesNamed: 0 },
  ],
]

test.each(bad)('a run with %s has failed, and says so', (_, line, result) => {
  expect(problemsOf(result)).toEqual([line])
  expect(renderReport(result)).toContain('chaos on redis, seed 1, 60 s: FAILED')
  expect(renderReport(result)).toContain(`\n    ${line}`)
})
