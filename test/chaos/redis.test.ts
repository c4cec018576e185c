import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startRedis } from './redis.ts'

test('a command waits for a Redis that is stopped for longer than one answer may take', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'clerk-sync-chaos-redis-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const redis = await startRedis(dir, undefined)
  onTestFinished(() => redis.stop())
  redis.signal('SIGSTOP')
  setTimeout(() => redis.signal('SIGCONT'), 4_000)
  expect(await redis.run('CONFIG', 'SET', 'maxmemory', '0')).toBe('OK')
})
