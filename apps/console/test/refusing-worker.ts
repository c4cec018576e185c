import { fork } from 'node:child_process'
import { on, once } from 'node:events'
import { join } from 'node:path'
import type { QueueLocation } from '@clerk-sync/queue'

const script = join(import.meta.dirname, '../../../test/browser/refusing-worker-process.ts')

/** A worker whose database refuses its events until it is mended. */
export interface RefusingWorker {
  mend(): Promise<void>
  countRows(): Promise<number>
  stop(): Promise<void>
}

/** Starts it; it resolves when the event of each user has failed for good. */
export async function startRefusingWorker(deployment: {
  readonly databaseUrl: string
  readonly queue: QueueLocation
  readonly userIds: readonly string[]
}): Promise<RefusingWorker> {
  const env = { PATH: process.env['PATH'], DEPLOYMENT: JSON.stringify(deployment) }
  const child = fork(script, [], { env })
  const ended = once(child, 'exit')
  const answers = on(child, 'message')
  const ask = async (request: string): Promise<unknown> => {
    child.send(request)
    return await nextAnswer()
  }
  async function nextAnswer(): Promise<unknown> {
    const died = ended.then(() => Promise.reject(new Error('the worker ended by itself')))
    const { value } = await Promise.race([answers.next(), died])
    return (value as unknown[])[0]
  }
  await nextAnswer()
  return {
    mend: async () => void (await ask('mend')),
    countRows: async () => Number(await ask('count rows')),
    async stop() {
      child.disconnect()
      await ended
    },
  }
}
