import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createRedisServer, provideRedisProgram } from '@clerk-sync/testing'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test, vi } from 'vitest'
import { buildEvent, openConsumer, openProducer, untilDone, untilEmpty } from './open-ends.ts'
import { locate } from './redis-forms.ts'

const name = 'Zwetlana-Quincy-Aof'

test('after BGREWRITEAOF the files of Redis hold nothing of an event that has left the queue', async () => {
  const server = await createRedisServer(await provideRedisProgram())
  onTestFinished(() => server.stop())
  const redis = new Redis(server.url)
  onTestFinished(() => redis.disconnect())
  const location = locate(server.url)
  const { enqueue, opened } = openProducer(location)
  const event = { ...buildEvent(), data: { first_name: name } }
  const runs = openConsumer(location)
  await enqueue(event)
  await untilDone(runs, [event])
  await untilEmpty(opened)
  const [, directory = ''] = await redis.config('GET', 'dir')

  // Before the rewrite the file still has every command, and with it the data of the person.
  expect(await filesWith(directory, name)).not.toEqual([])
  await redis.bgrewriteaof()
  await vi.waitFor(
    async () => {
      expect(await redis.info('persistence')).toMatch(
        /aof_rewrite_in_progress:0[^]*aof_rewrite_scheduled:0[^]*aof_last_bgrewrite_status:ok/,
      )
      expect(await filesWith(directory, name)).toEqual([])
    },
    { timeout: 15_000 },
  )
})

async function filesWith(directory: string, text: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const found = await Promise.all(
    files.map(async ({ parentPath, name: file }) =>
      (await readFile(join(parentPath, file))).includes(text) ? [file] : [],
    ),
  )
  return found.flat()
}
