import { expect, test, vi } from 'vitest'
import { createProgress, renderProgress } from './progress.ts'

const at = { table: 'users', done: 1_200, total: 5_000, rate: 400, detail: '1,100 new' }

test('says how much of how much is done, how fast, and how long it takes', () => {
  expect(renderProgress(at)).toBe(
    'users  [######                  ]  1,200 of 5,000  400/s  10 s left  1,100 new',
  )
})

test('without a total it says neither share nor time, at the end no time', () => {
  expect(renderProgress({ ...at, total: undefined, detail: '' })).toBe('users  1,200  400/s')
  expect(renderProgress({ ...at, done: 5_000, rate: undefined, detail: '' })).toBe(
    'users  [########################]  5,000 of 5,000',
  )
  expect(renderProgress({ ...at, done: 0, total: 0, rate: undefined, detail: '' })).toBe(
    'users  0 of 0',
  )
})

test('on a terminal one line changes, no wider than it', () => {
  const written: string[] = []
  const write = (text: string) => written.push(text) > 0
  const progress = createProgress({ write, isTTY: true, columns: 20 })
  progress.at('users', 500, 5_000)
  progress.at('users', 1_000, 5_000)
  progress.line('Clerk asks to wait')
  progress.end('done')
  expect(written.join('')).toBe(
    [
      '\r\x1B[Kusers  [##         ',
      '\r\x1B[Kusers  [#####      ',
      '\r\x1B[KClerk asks to wait\n',
      '\r\x1B[Kdone\n',
    ].join(''),
  )
})

test('elsewhere there is a line every five seconds, and none is written over', () => {
  vi.useFakeTimers({ now: 1e12 })
  try {
    const written: string[] = []
    const progress = createProgress({ write: (text: string) => written.push(text) > 0 })
    for (let second = 0; second <= 12; second += 1) {
      progress.at('users', second * 100, undefined)
      vi.advanceTimersByTime(1_000)
    }
    expect(written).toEqual(['users  0\n', 'users  500  100/s\n', 'users  1,000  100/s\n'])
  } finally {
    vi.useRealTimers()
  }
})
