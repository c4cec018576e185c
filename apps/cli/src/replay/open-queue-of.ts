import { setTimeout as sleep } from 'node:timers/promises'
import { optionalPostgresUrl, readConfig } from '@clerk-sync/ops'
import { locateQueue, missingQueue, openQueue, redisUrl } from '@clerk-sync/queue'
import type { OpenQueue } from '@clerk-sync/queue'
import { locateDataDir } from '../data-dir.ts'
import { findRunning } from '../running.ts'

const queueVariables = { REDIS_URL: redisUrl, DATABASE_URL: optionalPostgresUrl }
const answerTimeoutMs = 3_000
const pauseMs = 100

/**
 * The queue of this environment, or of what runs here where the environment names none, once it
 * answers.
 *
 * @throws {ConfigError} when there is none; an Error with the cause when it does not answer.
 */
export async function openQueueOf(env: NodeJS.ProcessEnv): Promise<OpenQueue> {
  const complete = withRunningQueue(env)
  const settings = readConfig(queueVariables, complete, missingQueue(complete))
  const location = locateQueue({
    redisUrl: settings.REDIS_URL,
    databaseUrl: settings.DATABASE_URL,
  })
  let trouble: Error | undefined
  const opened = openQueue(location, { onError: (error) => (trouble = error) })
  // A queue fails fast, also in the moment before its first connection.
  const deadline = Date.now() + answerTimeoutMs
  for (;;) {
    try {
      await opened.queue.getJobCounts('failed')
      return opened
    } catch (error) {
      if (Date.now() < deadline) {
        await sleep(pauseMs)
        continue
      }
      await opened.close()
      const reason = (trouble ?? (error as Error)).message
      throw new Error(`the queue does not answer: ${reason}. "clerk-sync doctor" looks into it`, {
        cause: error,
      })
    }
  }
}

function withRunningQueue(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (env['REDIS_URL'] || env['DATABASE_URL']) return env
  const running = findRunning(locateDataDir())
  if (!running) return env
  return { ...env, DATABASE_URL: running.databaseUrl, REDIS_URL: running.redisUrl }
}
