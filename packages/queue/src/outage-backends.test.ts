import { expect, test } from 'vitest'
import { refusalOf } from './outage-backends.ts'

// As Redis 6.2.16 and 7.0.15 sent them.
test.each([
  [
    "ERR Error running script (call to f_bd6f3018b28bbdb36260f19d3c44afed740db987): @user_script:1: @user_script: 1: -OOM command not allowed when used memory > 'maxmemory'.",
    "OOM command not allowed when used memory > 'maxmemory'.",
  ],
  [
    'ERR Error running script (call to f_9514dee9880f2a2b699d9fd904b407e363a1c8e8): @user_script:7: WRONGTYPE Operation against a key holding the wrong kind of value',
    'WRONGTYPE Operation against a key holding the wrong kind of value',
  ],
  [
    "@user_script: 1: -OOM command not allowed when used memory > 'maxmemory'.",
    "OOM command not allowed when used memory > 'maxmemory'.",
  ],
  [
    "=[C]: -1: -READONLY You can't write against a read only replica.",
    "READONLY You can't write against a read only replica.",
  ],
  [
    "OOM command not allowed when used memory > 'maxmemory'. script: bd6f3018b28bbdb36260f19d3c44afed740db987, on @user_script:1.",
    "OOM command not allowed when used memory > 'maxmemory'. script: bd6f3018b28bbdb36260f19d3c44afed740db987, on @user_script:1.",
  ],
  ['ERR unknown command', 'ERR unknown command'],
])('of %j the refusal is found', (message, refusal) => {
  expect(refusalOf(new Error(message))).toBe(refusal)
})
