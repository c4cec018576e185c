import { expect, onTestFinished } from 'vitest'
import { createDatabase } from '../src/index.ts'
import type { Database } from '../src/index.ts'
import { noon } from './build-change.ts'

/** Clerk, as far as it is asked: its answers are JSON of users, or errors. */
export function clerkThat(answers: (userId: string) => unknown) {
  const asked: string[] = []
  return {
    asked,
    users: {
      async getUser(userId: string) {
        asked.push(userId)
        return { raw: await answers(userId) }
      },
    },
  }
}

/** A user as Clerk answers it. */
export const ada = (id: string) => ({
  id,
  first_name: 'Ada',
  primary_email_address_id: 'idn_1',
  email_addresses: [
    { id: 'idn_1', email_address: 'ada@example.com', verification: { status: 'verified' } },
  ],
  private_metadata: { plan: 'gold' },
  created_at: noon - 1,
  updated_at: noon,
})

export async function failureOf(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => expect.unreachable('it did not fail'),
    (error: Error) => error,
  )
}

export function unreachableDatabase(): Database {
  const unavailable = createDatabase({ url: 'postgresql://127.0.0.1:1/app', maxConnections: 1 })
  onTestFinished(() => unavailable.close())
  return unavailable
}
