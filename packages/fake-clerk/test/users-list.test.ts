import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createFakeClerk } from '../src/index.ts'
import type { FakeClerk, FakeClerkOptions } from '../src/index.ts'
import { ask, askForIds, askRefused } from './ask.ts'

let fake: FakeClerk

async function begin(options: FakeClerkOptions): Promise<void> {
  await fake.close()
  fake = await createFakeClerk(options)
}

beforeEach(async () => {
  fake = await createFakeClerk({ generatedUsers: 25 })
})

afterEach(() => fake.close())

async function walk(order: string, limit: number): Promise<string[]> {
  const seen: string[] = []
  for (;;) {
    const after = seen.length === 0 ? '' : `&starting_after=${seen.at(-1)}`
    const page = await askForIds(fake, `/v1/users?order_by=${order}&limit=${limit}${after}`)
    seen.push(...page)
    if (page.length < limit) return seen
  }
}

describe('a walk with starting_after', () => {
  test.for([1, 7, 25, 500])(
    'sees every user once in pages of %i, in both directions',
    async (limit) => {
      fake.world.createUser()
      const ascending = await walk('%2Bcreated_at', limit)
      expect(new Set(ascending).size).toBe(26)
      expect(await walk('-created_at', limit)).toEqual(ascending.toReversed())
      expect(await walk('created_at', limit)).toEqual(ascending)
    },
  )

  test('sees who comes and skips nobody when others go', async () => {
    const before = await walk('%2Bcreated_at', 500)
    const late: string[] = []
    fake.faults.beforeAnswer('/v1/users', ({ page }) => {
      if (page !== 3) return
      fake.world.deleteUser(before[0] ?? '')
      late.push(fake.world.createUser().id)
    })
    expect(await walk('%2Bcreated_at', 10)).toEqual([...before, ...late])
  })

  test.for(['updated_at', '-email_address', 'last_sign_in_at'])(
    'is refused in the order of %s',
    async (order) => {
      const [id] = await askForIds(fake, '/v1/users')
      const path = `/v1/users?order_by=${order}&starting_after=${id}`
      expect(await askRefused(fake, path)).toBe('422 form_param_value_invalid')
    },
  )

  test('is refused with an offset other than 0', async () => {
    const [id] = await askForIds(fake, '/v1/users')
    const path = `/v1/users?starting_after=${id}`
    expect(await askRefused(fake, `${path}&offset=1`)).toBe('422 form_param_value_invalid')
    expect(await askForIds(fake, `${path}&offset=0&limit=500`)).toHaveLength(24)
  })

  test('is refused from an unknown user', async () => {
    const path = '/v1/users?starting_after=user_unknown'
    expect(await askRefused(fake, path)).toBe('422 form_param_value_invalid')
  })

  const goneCursor = async (deletedCursor: 'refuse' | 'end' | 'follow') => {
    await begin({ generatedUsers: 25, deletedCursor })
    const all = await walk('%2Bcreated_at', 500)
    const id = all[9] ?? ''
    fake.world.deleteUser(id)
    const path = `/v1/users?order_by=%2Bcreated_at&limit=500&starting_after=${id}`
    return { path, rest: all.slice(10) }
  }

  test('is refused from a user deleted since', async () => {
    const { path } = await goneCursor('refuse')
    expect(await askRefused(fake, path)).toBe('422 form_param_value_invalid')
  })

  test('ends at a user deleted since when told so', async () => {
    const { path } = await goneCursor('end')
    expect(await askForIds(fake, path)).toEqual([])
  })

  test('goes on from a user deleted since when told so', async () => {
    const { path, rest } = await goneCursor('follow')
    expect(await askForIds(fake, path)).toEqual(rest)
  })
})

test('a page of a million users costs no more than one of a few', async () => {
  await begin({ generatedUsers: 1_000_000 })
  const { store } = fake.world
  for (const index of [0, 499_999, 999_499]) {
    const { id } = store.users.resolve(index)
    const page = await askForIds(
      fake,
      `/v1/users?order_by=created_at&limit=500&starting_after=${id}`,
    )
    expect(page.at(0)).toBe(store.users.resolve(index + 1).id)
    expect(page.at(-1)).toBe(store.users.resolve(index + 500).id)
  }
  const last = await askForIds(fake, '/v1/users?order_by=created_at&limit=500&offset=999990')
  expect(last).toHaveLength(10)
})

describe('a walk by offset', () => {
  test('shows the newest first, ten at a time, and skips whom a deletion moves up', async () => {
    const all = await walk('-created_at', 500)
    expect(await askForIds(fake, '/v1/users')).toEqual(all.slice(0, 10))
    fake.world.deleteUser(all[0] ?? '')
    expect(await askForIds(fake, '/v1/users?offset=10')).toEqual(all.slice(11, 21))
    expect(await askForIds(fake, '/v1/users?offset=24')).toEqual([])
  })
})

describe('the parameters', () => {
  const count = async (query: string) => (await ask(fake, `/v1/users/count?${query}`)).body

  test('take up to 100 ids, to include or to exclude', async () => {
    const all = await walk('-created_at', 500)
    const chosen = [all[20], all[3], 'user_unknown', all[11]]
    const included = chosen.map((id) => `user_id=${id}`).join('&')
    expect(await askForIds(fake, `/v1/users?${included}`)).toEqual([all[3], all[11], all[20]])
    expect(await count(included)).toEqual({ object: 'total_count', total_count: 3 })
    expect(await count(`user_id=-${all[0]}`)).toMatchObject({ total_count: 24 })
    const plus = `user_id=%2B${all[0]}`
    expect(await askForIds(fake, `/v1/users?${plus}`)).toEqual([all[0]])
    const tooMany = Array.from({ length: 101 }, (_, index) => `user_id=user_${index}`).join('&')
    expect(await askRefused(fake, `/v1/users?${tooMany}`)).toBe('422 form_param_value_invalid')
  })

  test('take exclusive bounds of creation', async () => {
    const users = (await ask(fake, '/v1/users?order_by=created_at&limit=500')).body as {
      id: string
      created_at: number
    }[]
    const [after, before] = [users[5]?.created_at, users[9]?.created_at]
    const bounds = `created_at_after=${after}&created_at_before=${before}`
    const expected = users.slice(6, 9).map(({ id }) => id)
    expect(await askForIds(fake, `/v1/users?order_by=created_at&${bounds}`)).toEqual(expected)
    expect(await count(bounds)).toMatchObject({ total_count: 3 })
    const within = `user_id=${users[5]?.id}&user_id=${users[6]?.id}`
    expect(await count(`${bounds}&${within}`)).toMatchObject({ total_count: 1 })
  })

  test('find users by what they are', async () => {
    const email = 'ada@example.com'
    const { id } = fake.world.createUser({ email_address: email, external_id: 'x1', banned: true })
    const { id: organizationId } = fake.world.createOrganization({ created_by: id })
    for (const query of [
      `email_address=${email}`,
      'email_address_query=ADA@ex',
      'external_id=x1',
      'banned=true',
      'query=ada@example',
      `organization_id=${organizationId}`,
      `query=${id}`,
    ]) {
      expect(await askForIds(fake, `/v1/users?${query}`)).toEqual([id])
      expect(await count(query)).toMatchObject({ total_count: 1 })
    }
    expect(await count(`organization_id=-${organizationId}`)).toMatchObject({ total_count: 25 })
  })

  test('order by other fields, nulls last', async () => {
    const named = fake.world.createUser({ username: 'zoe' })
    const other = fake.world.createUser({ username: 'ada' })
    const ids = await askForIds(fake, '/v1/users?order_by=username&limit=2')
    expect(ids).toEqual([other.id, named.id])
    fake.world.updateUser(other.id, { first_name: 'Ada' })
    expect(await askForIds(fake, '/v1/users?order_by=-updated_at&limit=1')).toEqual([other.id])
  })

  test('that Clerk heeds and the fake does not are refused', async () => {
    const path = '/v1/users?web3_wallet=0x1'
    expect(await askRefused(fake, path)).toBe('501 fake_clerk_not_implemented')
  })
})
