import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'

interface Messages {
  [key: string]: string | Messages
}

const lost =
  'lost: Clerk counts it as delivered. Only a backfill, or "reconcile --repair", brings back what it changed, and only what Clerk’s API lists.'

// What Bull Board says otherwise is not true here, or not all of it. In English in every language.
const ours: Messages = {
  JOB: {
    // It stands below the time of the next run.
    DELAY_CHANGED: 'the next attempt',
    ACTIONS: { CONFIRM: { CLEAN: `Remove this job? Its event is ${lost}` } },
  },
  QUEUE: {
    ACTIONS: {
      CONFIRM: {
        CLEAN_ALL: `Remove all {{status}} jobs? Each event is ${lost}`,
        RETRY_ALL: 'Replay all {{status}} jobs, except invalid events? Fix the cause first.',
        PAUSE_QUEUE: 'Pause the queue? Events are still taken, and wait until you resume it.',
      },
      TOAST: {
        RETRY_DONE: 'The {{status}} jobs are back in the queue',
        RETRY_QUEUES_DONE: 'The failed jobs are back in the queue',
        RETRY_SKIPPED:
          '{{count}} invalid events were left out: no attempt can apply them. “Replay” says what becomes of the others.',
      },
    },
  },
}

/** Serves Bull Board's messages with ours in their place. `directory` has Bull Board's static files. */
export function serveMessages(scope: FastifyInstance, directory: string): void {
  const locales = join(directory, 'locales')
  for (const locale of readdirSync(locales)) {
    const file = join(locales, locale, 'messages.json')
    const messages = replaceIn(JSON.parse(readFileSync(file, 'utf8')) as Messages, ours)
    scope.get(`/static/locales/${locale}/messages.json`, (_, reply) =>
      reply.header('cache-control', 'no-cache').send(messages),
    )
  }
}

/** @throws an Error when a message that is replaced is missing: Bull Board has renamed it. */
function replaceIn(messages: Messages, replacements: Messages): Messages {
  const entries = Object.entries(replacements).map(([key, replacement]) => {
    const known = messages[key]
    if (typeof known === 'string' && typeof replacement === 'string') return [key, replacement]
    if (typeof known !== 'object' || typeof replacement !== 'object') {
      throw new Error(`Bull Board has no message ${key}`)
    }
    return [key, replaceIn(known, replacement)]
  })
  return { ...messages, ...Object.fromEntries(entries) }
}
