import type { FakeClerk } from '@clerk-sync/fake-clerk'
import { describe, expect, test } from 'vitest'
import { ApiRefusedError, UnreadableAnswerError, walk } from '@clerk-sync/events/backend-api'
import { openApi } from './open-api.ts'
import { collectionOf, walkAll } from './walked.ts'
import type { ListPath } from './walked.ts'

const count = 1_201

const fills: { [path in Exclude<ListPath, '/users'>]: (world: FakeClerk['world']) => void } = {
  '/organizations': (world) => repeat(() => world.createOrganization()),
  '/organization_memberships': (world) => {
    const { id } = world.createOrganization()
    repeat(() => world.createMembership({ organization_id: id, user_id: world.createUser().id }))
  },
  '/organization_invitations': (world) => {
    const { id } = world.createOrganization()
    repeat(() => world.createInvitation({ organization_id: id }))
  },
  '/organization_domains': (world) => {
    const { id } = world.createOrganization()
    repeat((index) => world.createDomain({ organization_id: id, name: `d${index}.example` }))
  },
  '/organization_roles': (world) => repeat(() => world.createRole()),
  '/organization_permissions': (world) => repeat(() => world.createPermission()),
  '/waitlist_entries': (world) => repeat(() => world.createWaitlistEntry()),
}

function repeat(create: (index: number) => unknown): void {
  for (let index = 0; index < count; index += 1) create(index)
}

const lists = Object.entries(fills) as [
  Exclude<ListPath, '/users'>,
  (world: FakeClerk['world']) => void,
][]

const offsetsOf = ({ requests }: FakeClerk) =>
  requests.map(({ query }) => Number(query.get('offset')))

describe.for(lists)('the walk through %s', ([path, fill]) => {
  test('comes by each entry once, in order, when nothing changes', async () => {
    const { fake, api } = await openApi()
    fill(fake.world)
    const { pages, ids } = await walkAll(api, path)
    expect(ids).toEqual(collectionOf(fake, path).ids())
    expect(pages.map(({ length }) => length)).toEqual([500, 450, 251])
    expect(offsetsOf(fake)).toEqual([0, 450, 900, 1151])
  })

  test.for([
    ['a few of the first', 0, 40, [0, 450, 900, 1_111]],
    ['a few at the end of the page before', 470, 510, [0, 450, 900, 1_111]],
    ['hundreds of the first', 0, 300, [0, 450, 0, 450, 851]],
    ['the page before', 0, 500, [0, 450, 0, 450, 651]],
    ['all', 0, count, [0, 450, 0]],
  ] as const)('skips nothing when %s go', async ([, from, to, offsets]) => {
    const { fake, api } = await openApi()
    fill(fake.world)
    const list = collectionOf(fake, path)
    fake.faults.beforeAnswer(`/v1${path}`, ({ page }) => {
      if (page === 2) list.remove(list.ids().slice(from, to))
    })
    const seen = new Set((await walkAll(api, path)).ids)
    expect(list.ids().filter((id) => !seen.has(id))).toEqual([])
    expect(offsetsOf(fake)).toEqual(offsets)
  })
})

const roles = '/organization_roles'

async function openRoles() {
  const { fake, api } = await openApi()
  fills[roles](fake.world)
  return { fake, api, list: collectionOf(fake, roles) }
}

describe('a walk by offset', () => {
  test('says how many there are', async () => {
    const { api } = await openRoles()
    const { value } = await walk(api, { list: roles }).next()
    expect(value).toMatchObject({ total: count })
  })

  test('goes on behind any position it gave', async () => {
    const { api, list } = await openRoles()
    const { pages, positions } = await walkAll(api, roles)
    for (const [index, position] of positions.entries()) {
      const seen = pages.slice(0, index + 1).flat()
      const rest = await walkAll(api, roles, position)
      expect(new Set([...seen, ...rest.ids])).toEqual(new Set(list.ids()))
      expect(rest.ids.length).toBeLessThanOrEqual(count - seen.length + 50)
    }
  })

  test.for([
    ['some', 0, 40],
    ['hundreds', 0, 300],
    ['the last page read', 0, 500],
    ['all but the last', 0, count - 1],
    ['all', 0, count],
  ] as const)('skips nothing when %s went while it was stopped', async ([, from, to]) => {
    const { api, list } = await openRoles()
    const { pages, positions } = await walkAll(api, roles)
    list.remove(list.ids().slice(from, to))
    const rest = await walkAll(api, roles, positions[0])
    const seen = new Set([...(pages[0] ?? []), ...rest.ids])
    expect(list.ids().filter((id) => !seen.has(id))).toEqual([])
  })

  test('begins anew from a position that has no trail', async () => {
    const { api, list } = await openRoles()
    expect((await walkAll(api, roles, { offset: 900 })).ids).toEqual(list.ids())
  })

  test('goes on when what goes back and forth ends', async () => {
    const { fake, api, list } = await openRoles()
    const before = list.ids()
    fake.faults.beforeAnswer(`/v1${roles}`, ({ page }) => {
      if (page > 1 && page < 12) {
        list.remove(list.ids().slice(0, 60))
        for (let created = 0; created < 60; created += 1) fake.world.createRole()
      }
    })
    const seen = new Set((await walkAll(api, roles)).ids)
    const left = new Set(list.ids())
    expect(before.filter((id) => left.has(id) && !seen.has(id))).toEqual([])
  })

  test('skips nothing where all were created in the same moment', async () => {
    const { fake, api } = await openApi({ now: () => 1_760_000_000_000 })
    fills[roles](fake.world)
    const list = collectionOf(fake, roles)
    fake.faults.beforeAnswer(`/v1${roles}`, ({ page }) => {
      if (page === 2) list.remove(list.ids().slice(300, 500))
    })
    const seen = new Set((await walkAll(api, roles)).ids)
    expect(list.ids().filter((id) => !seen.has(id))).toEqual([])
  })
})

test.for([
  ['no list', {}],
  ['text', 'users'],
  ['null', null],
  ['a list under another name', { items: [{ id: 'role_1' }], total_count: 1 }],
  ['null as the list', { data: null, total_count: 0 }],
])('a walk refuses %s', async ([, body]) => {
  for (const path of ['/users', roles]) {
    const walked = walkAll({ get: async () => body }, path)
    await expect(walked).rejects.toThrow(UnreadableAnswerError)
  }
})

test('a list that is not there at all is an error that names it', async () => {
  const walked = walkAll({ get: async () => undefined }, roles)
  await expect(walked).rejects.toThrow(ApiRefusedError)
  await expect(walked).rejects.toThrow('/organization_roles')
})
