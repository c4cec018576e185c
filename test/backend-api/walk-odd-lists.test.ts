import { describe, expect, test } from 'vitest'
import { UnreadableAnswerError, walk } from '@clerk-sync/events/backend-api'
import type { BackendApi, List, Params } from '@clerk-sync/events/backend-api'

interface Behaviour {
  /** The most entries of a page. */
  readonly clamp?: number
  readonly ignoresCursor?: true
  readonly ignoresOffset?: true
  /** What the list says of how many there are; nothing where absent. */
  readonly total?: unknown
}

const object = (place: number) => ({ id: `user_${place}`, created_at: place, updated_at: place })
const objects = (count: number): unknown[] => Array.from({ length: count }, (_, at) => object(at))

function apiWith(entries: readonly unknown[], behaviour: Behaviour = {}): BackendApi {
  let requests = 0
  return {
    async get(path: string, params: Params = {}) {
      requests += 1
      if (requests > 200) throw new Error('the walk does not end')
      const [, , id] = path.split('/')
      if (id !== undefined) return entries.find((entry) => idOf(entry) === id)
      const { starting_after: after, offset = 0, limit } = params
      const start =
        after !== undefined && !behaviour.ignoresCursor
          ? entries.findIndex((entry) => idOf(entry) === after) + 1
          : behaviour.ignoresOffset
            ? 0
            : Number(offset)
      const data = entries.slice(start, start + Math.min(Number(limit), behaviour.clamp ?? 500))
      return 'total' in behaviour ? { data, total_count: behaviour.total } : data
    },
  }
}

const idOf = (entry: unknown) => (entry as { id?: unknown } | null)?.id

const users: List = { list: '/users', hasCursor: true }
const roles: List = { list: '/roles' }

async function read(api: BackendApi, list: List) {
  const ids: unknown[] = []
  const shortages: string[] = []
  let unreadable = 0
  for await (const page of walk(api, list)) {
    ids.push(...page.items.map(({ id }) => id))
    unreadable += page.unreadable
    if (page.shortage !== undefined) shortages.push(page.shortage)
  }
  return { ids, unreadable, shortages }
}

const all = (count: number) => ({
  ids: objects(count).map(idOf),
  unreadable: 0,
  shortages: [],
})

describe.for([
  ['with a cursor', users],
  ['without one', roles],
] as const)('a list %s', ([, list]) => {
  test.for([1, 2, 3, 49, 50, 51, 99, 100, 101, 499, 500, 501, 600])(
    'of %i entries is read to its end, each once',
    async (count) => {
      expect(await read(apiWith(objects(count), { total: count }), list)).toEqual(all(count))
      expect(await read(apiWith(objects(count)), list)).toEqual(all(count))
    },
  )

  test.for([10, 25, 100, 250, 499])('that gives %i at once is read to its end', async (clamp) => {
    expect(await read(apiWith(objects(600), { clamp }), list)).toEqual(all(600))
    expect(await read(apiWith(objects(600), { clamp, total: 600 }), list)).toEqual(all(600))
  })

  test.for([-3, '600', null, 0, 1.5, 12, Number.NaN])(
    'whose total_count is %j is read to its end',
    async (total) => {
      expect(await read(apiWith(objects(600), { clamp: 100, total }), list)).toEqual(all(600))
    },
  )

  test('that repeats a page for ever is an error', async () => {
    const never = { ignoresCursor: true, ignoresOffset: true } as const
    for (const more of [{}, { clamp: 100 }, { total: 600 }]) {
      const reading = read(apiWith(objects(600), { ...never, ...more }), list)
      await expect(reading).rejects.toThrow(UnreadableAnswerError)
    }
    const { shortages } = await read(
      apiWith(objects(600), { ...never, clamp: 100, total: 600 }),
      list,
    )
    expect(shortages).toEqual([expect.stringContaining('counts 600')])
  })

  test('that knows no pages, and counts no more than it gave, is complete', async () => {
    const never = { ignoresCursor: true, ignoresOffset: true } as const
    const api = apiWith(objects(3), { ...never, total: 3 })
    expect(await read(api, list)).toEqual(all(3))
    const counted = { ...list, counted: 3 }
    expect(await read(apiWith(objects(3), never), counted)).toEqual(all(3))
    await expect(read(apiWith(objects(3), never), list)).rejects.toThrow('repeats')
  })

  test('reports each entry without an id once, and reads the others', async () => {
    const entries = objects(600)
    for (const place of [0, 3, 470, 499, 598, 599])
      entries[place] = [null, { name: 'x' }, 7][place % 3]
    const { ids, unreadable } = await read(apiWith(entries), list)
    expect(ids).toEqual(entries.map(idOf).filter((id) => id !== undefined))
    expect(unreadable).toBe(6)
  })
})

test('an API that ignores the cursor is read by offset', async () => {
  const api = apiWith(objects(1_300), { ignoresCursor: true })
  expect(await read(api, users)).toEqual(all(1_300))
})

test('a list that ends before its own count says so', async () => {
  for (const given of [0, 1, 100, 500]) {
    const { shortages } = await read(apiWith(objects(given), { total: 600 }), roles)
    expect(shortages).toEqual([`Clerk counts 600 in /roles, but its list ended after ${given}`])
  }
})
