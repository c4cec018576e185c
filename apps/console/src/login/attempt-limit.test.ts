import { Socket } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createAttemptLimit, networkOf } from './attempt-limit.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const from = (ip: string) => ({ ip, socket: new Socket() })
const open = (mostWaiting = 100) => createAttemptLimit({ perSecond: 10, burst: 2, mostWaiting })

/** The senders whose turn has come, in order. */
function watch(limit: ReturnType<typeof open>) {
  const turns: string[] = []
  return {
    turns,
    ask: (name: string, sender: ReturnType<typeof from>) =>
      void limit.take(sender).then((isTurn) => turns.push(isTurn ? name : `no ${name}`)),
  }
}

test('a burst passes at once, then so many a second, however many ask', async () => {
  const { turns, ask } = watch(open())
  for (let n = 0; n < 60; n++) ask('guess', from('192.0.2.1'))
  await vi.advanceTimersByTimeAsync(0)
  expect(turns).toHaveLength(2)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(turns).toHaveLength(12)
})

test('a new connection passes those that have guessed before, also from their address', async () => {
  const { turns, ask } = watch(open())
  const guessers = Array.from({ length: 60 }, () => from('192.0.2.1'))
  for (const one of guessers) ask('guess', one)
  await vi.advanceTimersByTimeAsync(5_800)
  for (const one of guessers) ask('guess', one)
  ask('owner', from('192.0.2.1'))
  turns.length = 0
  await vi.advanceTimersByTimeAsync(100)
  expect(turns).toEqual(['owner'])
})

test('an address without guesses passes one that opens a connection a guess', async () => {
  const { turns, ask } = watch(open())
  for (let n = 0; n < 60; n++) ask('guess', from('192.0.2.1'))
  await vi.advanceTimersByTimeAsync(100)
  ask('owner', from('198.51.100.7'))
  turns.length = 0
  await vi.advanceTimersByTimeAsync(100)
  expect(turns).toEqual(['owner'])
})

test('of many addresses each has its turn', async () => {
  const { turns, ask } = watch(open())
  for (let n = 0; n < 60; n++) ask(`192.0.2.${n % 3}`, from(`192.0.2.${n % 3}`))
  await vi.advanceTimersByTimeAsync(700)
  expect(turns.slice(3)).toEqual([
    '192.0.2.0',
    '192.0.2.1',
    '192.0.2.2',
    '192.0.2.0',
    '192.0.2.1',
    '192.0.2.2',
  ])
})

test('when too many wait, the last in order is refused at once', async () => {
  const { turns, ask } = watch(open(2))
  for (let n = 0; n < 5; n++) ask('guess', from('192.0.2.1'))
  ask('owner', from('198.51.100.7'))
  await vi.advanceTimersByTimeAsync(100)
  expect(turns.filter((turn) => turn === 'no guess')).toHaveLength(2)
  expect(turns.at(-1)).toBe('owner')
})

test('who has hung up waits no more', async () => {
  const { turns, ask } = watch(open())
  const gone = Array.from({ length: 20 }, () => from('192.0.2.1'))
  for (const one of gone) ask('guess', one)
  for (const { socket } of gone) socket.emit('close')
  ask('owner', from('192.0.2.1'))
  await vi.advanceTimersByTimeAsync(100)
  expect(turns.at(-1)).toBe('owner')
})

test('an attempt that succeeds costs nothing', async () => {
  const limit = open()
  const owner = from('192.0.2.1')
  for (let n = 0; n < 60; n++) {
    await limit.take(owner)
    limit.giveBack(owner)
  }
  const { turns, ask } = watch(limit)
  ask('first', owner)
  ask('second', owner)
  await vi.advanceTimersByTimeAsync(0)
  expect(turns).toEqual(['first', 'second'])
})

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
])('the network of %s is %s', (ip, network) => {
  expect(networkOf(ip)).toBe(network)
})
