import { selectKept } from '@clerk-sync/events'
import { describe, expect, test } from 'vitest'
import {
  ClerkTimeoutError,
  DatabaseUnavailableError,
  deletionPolicies,
  ensureUser,
  UnreadableUserError,
  waitForUser,
} from '../src/index.ts'
import { writeRows } from '../src/statements.ts'
import { asNewRow, freshId, noon, remove, upsert } from './build-change.ts'
import { ada, clerkThat, failureOf, unreachableDatabase } from './just-in-time-scene.ts'
import { applyAll, useTables, defaultRules } from './tables.ts'
import { prismaOf } from './prisma.ts'

const tables = await useTables()
const [db] = tables.writers

const clerkError = (status: number, errors: readonly unknown[] = []) =>
  Object.assign(new Error(`answer ${status}`), { status, errors })

describe('ensureUser', () => {
  test('a row that is there is read without a request', async () => {
    const id = freshId()
    await tables.apply(upsert(id, { data: { first_name: 'Ada' } }))
    const clerk = clerkThat(ada)
    expect(await ensureUser(db, clerk, id)).toMatchObject({ id, first_name: 'Ada' })
    expect(clerk.asked).toEqual([])
  })

  test('a user who is not there yet is fetched and written, with what is kept by default', async () => {
    const id = freshId()
    expect(await ensureUser(db, clerkThat(ada), id)).toMatchObject({
      id,
      first_name: 'Ada',
      primary_email_address: 'ada@example.com',
      private_metadata: null,
      created_at: new Date(noon - 1),
      updated_at: new Date(noon),
      deleted_at: null,
    })
    expect(await prismaOf(db).emailAddress.findMany({ where: { user_id: id } })).toEqual([
      {
        id: 'idn_1',
        user_id: id,
        email_address: 'ada@example.com',
        verified: true,
        is_primary: true,
      },
    ])
  })

  test('what the application keeps besides is written too', async () => {
    const kept = selectKept({ fields: ['users.private_metadata', '-users.email_addresses'] })
    const id = freshId()
    const user = await ensureUser(db, clerkThat(ada), id, { kept })
    expect(user).toMatchObject({ private_metadata: { plan: 'gold' } })
    expect(await prismaOf(db).emailAddress.count({ where: { user_id: id } })).toBe(0)
  })

  test('50 callers at once make one request per user, and all get the row', async () => {
    const clerk = clerkThat(ada)
    const [one, two] = [freshId(), freshId()]
    const callers = Array.from({ length: 50 }, () => [one, two]).flat()
    const users = await Promise.all(callers.map((id) => ensureUser(db, clerk, id)))
    expect(users.map((user) => user?.id)).toEqual(callers)
    expect(clerk.asked.toSorted()).toEqual([one, two].toSorted())
  })

  test('applications on several databases or processes end with one row', async () => {
    const clerk = clerkThat(ada)
    const id = freshId()
    const users = await Promise.all(tables.writers.map((writer) => ensureUser(writer, clerk, id)))
    expect(users.map((user) => user?.id)).toEqual([id, id, id, id])
    expect(await prismaOf(db).emailAddress.count({ where: { user_id: id } })).toBe(1)
  })

  test('nothing is written to the ledger', async () => {
    const before = await prismaOf(db).webhookEvent.count()
    await ensureUser(db, clerkThat(ada), freshId())
    expect(await prismaOf(db).webhookEvent.count()).toBe(before)
  })

  test('what PostgreSQL can not store is replaced, what only looks like it is not', async () => {
    const unsafe_metadata = { 'a\0': 'b\uD83D', smile: '\u{1F600}', text: '\\u0000\\\\ud800' }
    const clerk = clerkThat((id) => ({ ...ada(id), first_name: 'A\0da', unsafe_metadata }))
    expect(await ensureUser(db, clerk, freshId())).toMatchObject({
      first_name: 'A\uFFFDda',
      unsafe_metadata: { 'a\uFFFD': 'b\uFFFD', smile: '\u{1F600}', text: '\\u0000\\\\ud800' },
    })
  })

  describe('beside events', () => {
    test('a row that comes while a caller looks for it needs no request', async () => {
      const clerk = clerkThat(ada)
      const event = upsert(freshId())
      let asking: Promise<unknown> | undefined
      await tables.writers[1].transaction(async (tx) => {
        await tx.execute('LOCK TABLE clerk.tombstones')
        asking = ensureUser(db, clerk, event.id)
        await tables.untilOneWaits()
        await writeRows(tx, new Map([[event.entity, [asNewRow(event)]]]))
      })
      expect(await asking).toMatchObject({ id: event.id })
      expect(clerk.asked).toEqual([])
    })

    test.each([
      ['a newer event', noon + 1],
      ['the event of the same change', noon],
    ])('%s that comes between request and write wins', async (_, updatedAt) => {
      const clerk = clerkThat(async (id) => {
        await tables.apply(upsert(id, { updatedAt, data: { first_name: 'Grace' } }))
        return ada(id)
      })
      const user = await ensureUser(db, clerk, freshId())
      expect(user).toMatchObject({ first_name: 'Grace', updated_at: new Date(updatedAt) })
    })

    test('an older event that comes between request and write does not', async () => {
      const clerk = clerkThat(async (id) => {
        await tables.apply(upsert(id, { updatedAt: noon - 1, data: { first_name: 'A.' } }))
        return ada(id)
      })
      expect(await ensureUser(db, clerk, freshId())).toMatchObject({ first_name: 'Ada' })
    })

    test('one that comes later applies, also that of the same change', async () => {
      const id = freshId()
      await ensureUser(db, clerkThat(ada), id)
      const created = upsert(id, { type: 'user.created', updatedAt: noon, data: ada(id) })
      const older = upsert(id, { updatedAt: noon - 1 })
      const renamed = upsert(id, { updatedAt: noon + 1, data: { first_name: 'Grace' } })
      expect(await tables.apply(created, older, renamed)).toEqual(['applied', 'stale', 'applied'])
      expect(await ensureUser(db, clerkThat(ada), id)).toMatchObject({ first_name: 'Grace' })
    })
  })

  describe.each(deletionPolicies)('a deleted user with %s', (deletionPolicy) => {
    const rules = { ...defaultRules, deletionPolicy }

    test('stays deleted, without a request', async () => {
      const [known, unknown] = [freshId(), freshId()]
      await applyAll(db, [upsert(known), remove(known), remove(unknown)], rules)
      const clerk = clerkThat(ada)
      for (const id of [known, unknown]) {
        expect(await ensureUser(db, clerk, id, { deletionPolicy })).toBeUndefined()
      }
      expect(clerk.asked).toEqual([])
    })

    test('stays deleted when the deletion comes between request and write', async () => {
      const id = freshId()
      const clerk = clerkThat(async () => {
        await applyAll(db, [remove(id)], rules)
        return ada(id)
      })
      expect(await ensureUser(db, clerk, id, { deletionPolicy })).toBeUndefined()
      expect(await prismaOf(db).user.count({ where: { id, deleted_at: null } })).toBe(0)
      const addresses = await prismaOf(db).emailAddress.findMany({ where: { user_id: id } })
      const left = addresses.map((address) => address.email_address)
      expect(left).toEqual(
        { erase: [], anonymize: [null], retain: ['ada@example.com'] }[deletionPolicy],
      )
    })

    test('is not waited for', async () => {
      const [known, unknown] = [freshId(), freshId()]
      await applyAll(db, [upsert(known), remove(known), remove(unknown)], rules)
      for (const id of [known, unknown]) {
        expect(await waitForUser(db, id, { timeoutMs: 600_000 })).toBeUndefined()
      }
    })
  })

  describe('when Clerk', () => {
    test('has no such user there is none', async () => {
      const unknown = clerkError(404, [{ code: 'resource_not_found' }])
      const clerk = clerkThat(() => Promise.reject(unknown))
      expect(await ensureUser(db, clerk, freshId())).toBeUndefined()
    })

    test.each([undefined, null, '<html>'])(
      'client gives %j for a user it can not be read, and is not unknown',
      async (found) => {
        const clerk = { users: { getUser: async () => found as never } }
        const error = await failureOf(ensureUser(db, clerk, freshId()))
        expect(error).toBeInstanceOf(UnreadableUserError)
      },
    )

    // A 404 without a code is a proxy's or of a wrong URL.
    test.each([404, 401, 403, 429, 500, undefined])(
      'fails (%s) everybody gets its error, and the next call tries again',
      async (status) => {
        const error = status ? clerkError(status) : new TypeError('fetch failed')
        let unavailable = true
        const clerk = clerkThat((userId) => (unavailable ? Promise.reject(error) : ada(userId)))
        const id = freshId()
        const ask = () => ensureUser(db, clerk, id)
        expect(await Promise.all([failureOf(ask()), failureOf(ask())])).toEqual([error, error])
        expect(clerk.asked).toHaveLength(1)
        unavailable = false
        expect(await ask()).toMatchObject({ id })
      },
    )

    test('does not answer in time everybody gets an error, and the next call tries again', async () => {
      let unavailable = true
      const clerk = clerkThat((id) => (unavailable ? new Promise(() => undefined) : ada(id)))
      const id = freshId()
      const ask = () => ensureUser(db, clerk, id, { timeoutMs: 50 })
      const errors = await Promise.all([failureOf(ask()), failureOf(ask())])
      for (const error of errors) {
        expect(error).toBeInstanceOf(ClerkTimeoutError)
        expect(error).toMatchObject({ message: 'Clerk did not answer within 50 ms' })
      }
      unavailable = false
      expect(await ensureUser(db, clerk, id)).toMatchObject({ id })
    })

    test.each([
      ['data.updated_at is not a time in milliseconds', { updated_at: 'noon 4711' }],
      ['data.id is not the id asked for', { id: 'user_4711' }],
    ])('answers what no row can be made of: %s', async (problem, damage) => {
      const id = freshId()
      const error = await failureOf(
        ensureUser(
          db,
          clerkThat(() => ({ ...ada(id), ...damage })),
          id,
        ),
      )
      expect(error).toBeInstanceOf(UnreadableUserError)
      expect(error).toMatchObject({ message: `Clerk's user can't be read: ${problem}` })
      expect(await prismaOf(db).user.count({ where: { id } })).toBe(0)
    })

    test.each([
      ['first_name', 4711, null],
      ['created_at', -62_135_596_800_000, new Date('0001-01-01T00:00:00Z')],
      ['created_at', 9e15, null],
      ['created_at', '', null],
      ['last_sign_in_at', 'noon', null],
    ])(
      'answers a %s that can not be read, the user is written all the same: %j',
      async (...odd) => {
        const [field, value, held] = odd
        const id = freshId()
        const clerk = clerkThat(() => ({ ...ada(id), [field]: value }))
        expect(await ensureUser(db, clerk, id)).toMatchObject({ id, [field]: held })
      },
    )

    test.each([null, undefined, 'Bad Gateway', []])('answers no object: %j', async (raw) => {
      const error = await failureOf(
        ensureUser(
          db,
          clerkThat(() => raw),
          freshId(),
        ),
      )
      expect(error).toBeInstanceOf(UnreadableUserError)
    })
  })

  test('users that are not kept are an error', async () => {
    const kept = selectKept({ entities: ['organizations'] })
    const error = await failureOf(ensureUser(db, clerkThat(ada), freshId(), { kept }))
    expect(error.message).toContain('users are not kept')
  })

  test('without the database Clerk is not asked', async () => {
    const clerk = clerkThat(ada)
    const error = await failureOf(ensureUser(unreachableDatabase(), clerk, freshId()))
    expect(error).toBeInstanceOf(DatabaseUnavailableError)
    expect(clerk.asked).toEqual([])
  })
})
