import { describe, expect, test } from 'vitest'
import { openApi } from './open-api.ts'
import { collectionOf, walkAll } from './walked.ts'

const cursors = ['refuse', 'end', 'follow'] as const

const sizesOf = (pages: readonly string[][]) => pages.map(({ length }) => length)

describe('the walk through the users', () => {
  test.for([
    [0, []],
    [1, [1]],
    [499, [499]],
    [500, [500]],
    [501, [500, 1]],
    [1_201, [500, 500, 201]],
  ])('reads %i of them in pages of %j, each once and in order', async ([count, sizes]) => {
    const { fake, api } = await openApi({ generatedUsers: count as number })
    const { pages, ids } = await walkAll(api, '/users')
    expect(sizesOf(pages)).toEqual(sizes)
    expect(ids).toEqual(collectionOf(fake, '/users').ids())
  })

  test('goes on behind any position it gave', async () => {
    const { api } = await openApi({ generatedUsers: 1_201 })
    const whole = await walkAll(api, '/users')
    for (const [index, position] of whole.positions.entries()) {
      const rest = await walkAll(api, '/users', position)
      expect(rest.pages).toEqual(whole.pages.slice(index + 1))
    }
  })

  test('sees who comes, and nobody twice because others go', async () => {
    const { fake, api } = await openApi({ generatedUsers: 1_201 })
    const users = collectionOf(fake, '/users')
    const before = users.ids()
    const gone = [...before.slice(0, 400), ...before.slice(700, 800)]
    fake.faults.beforeAnswer('/v1/users', ({ page }) => {
      if (page !== 2) return
      users.remove(gone)
      fake.world.createUser()
    })
    const { ids } = await walkAll(api, '/users')
    expect(ids).toEqual([...before.slice(0, 700), ...before.slice(800), users.ids().at(-1)])
  })

  test('ends although a page fails now and then', async () => {
    const { fake, api } = await openApi({ generatedUsers: 1_201 })
    fake.faults.add({ cut: 'middle', path: '/v1/users', times: 1 })
    const { ids } = await walkAll(api, '/users')
    expect(ids).toEqual(collectionOf(fake, '/users').ids())
  })
})

describe.for(cursors)('when Clerk answers "%s" behind a user who is gone', (deletedCursor) => {
  const gone = [
    [2, [499]],
    [3, [999]],
    [2, [497, 498, 499, 500, 501]],
    [3, [0, 998, 999]],
  ] as const

  test.for(gone)('nobody is skipped for page %i without %j', async ([at, indices]) => {
    const { fake, api } = await openApi({ generatedUsers: 1_201, deletedCursor })
    const users = collectionOf(fake, '/users')
    const before = users.ids()
    const deleted = indices.map((index) => before[index] ?? '')
    fake.faults.beforeAnswer('/v1/users', ({ page }) => {
      if (page === at) users.remove(deleted)
    })
    const { ids } = await walkAll(api, '/users')
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.filter((id) => !deleted.includes(id))).toEqual(users.ids())
  })

  test('a walk goes on from a position whose user is gone', async () => {
    const { fake, api } = await openApi({ generatedUsers: 1_201, deletedCursor })
    const { pages, positions } = await walkAll(api, '/users')
    collectionOf(fake, '/users').remove([pages[0]?.at(-1) ?? ''])
    const rest = await walkAll(api, '/users', positions[0])
    expect(rest.ids).toEqual([...(pages[1] ?? []), ...(pages[2] ?? [])])
  })

  test('nobody is skipped where many were created in the same moment', async () => {
    const { fake, api } = await openApi({ deletedCursor, now: () => 1_760_000_000_000 })
    const users = collectionOf(fake, '/users')
    for (let count = 0; count < 1_201; count += 1) fake.world.createUser()
    fake.faults.beforeAnswer('/v1/users', ({ page, query }) => {
      if (page === 2) users.remove([query.get('starting_after') ?? ''])
    })
    const { ids } = await walkAll(api, '/users')
    const seen = new Set(ids)
    expect(users.ids().filter((id) => !seen.has(id))).toEqual([])
  })

  test('the walk ends when everybody goes', async () => {
    const { fake, api } = await openApi({ generatedUsers: 1_201, deletedCursor })
    const users = collectionOf(fake, '/users')
    const before = users.ids()
    fake.faults.beforeAnswer('/v1/users', ({ page }) => {
      if (page === 2) users.remove(users.ids())
    })
    const { ids } = await walkAll(api, '/users')
    expect(ids).toEqual(before.slice(0, 500))
  })
})
