import { expect, test } from 'vitest'
import { waitAtMost, withTimeout } from './timeout.ts'

const never = new Promise<never>(() => undefined)

test('work in time gives its result', async () => {
  await expect(withTimeout(Promise.resolve(7), 1_000, 'late')).resolves.toBe(7)
  await expect(waitAtMost(Promise.resolve(7), 1_000)).resolves.toBe(7)
})

test('late work gives an error, or undefined', async () => {
  await expect(withTimeout(never, 5, 'no answer in time')).rejects.toThrow('no answer in time')
  const held = setTimeout(() => undefined, 1_000)
  await expect(waitAtMost(never, 5)).resolves.toBeUndefined()
  clearTimeout(held)
})

test('work that fails in time fails', async () => {
  await expect(withTimeout(Promise.reject(new Error('no')), 1_000, 'late')).rejects.toThrow('no')
  await expect(waitAtMost(Promise.reject(new Error('no')), 1_000)).rejects.toThrow('no')
})

test('work that fails too late is ignored', async () => {
  const late = Promise.withResolvers<void>()
  await expect(withTimeout(late.promise, 5, 'late')).rejects.toThrow('late')
  late.reject(new Error('nobody waits for it'))
  await new Promise((resolve) => setImmediate(resolve))
})
