import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFakeClerk } from '../src/index.ts'
import type { FakeClerk } from '../src/index.ts'
import { routes } from '../src/routes/index.ts'
import { ask } from './ask.ts'
import { fillWorld } from './fill-world.ts'
import { checkAnswer, checkSchema, parametersOf } from './official-api.ts'

let fake: FakeClerk
let filled: ReturnType<typeof fillWorld>
let ids: Record<string, string>

/** The endpoints as the catalogue names them. */
const official: Record<string, string> = {
  '/v1/users/{id}': '/users/{user_id}',
  '/v1/users/{id}/organization_memberships': '/users/{user_id}/organization_memberships',
  '/v1/users/{id}/billing/subscription': '/users/{user_id}/billing/subscription',
  '/v1/organizations/{id}': '/organizations/{organization_id}',
  '/v1/organizations/{id}/memberships': '/organizations/{organization_id}/memberships',
  '/v1/organizations/{id}/invitations': '/organizations/{organization_id}/invitations',
  '/v1/organizations/{id}/invitations/{invitation_id}':
    '/organizations/{organization_id}/invitations/{invitation_id}',
  '/v1/organizations/{id}/domains': '/organizations/{organization_id}/domains',
  '/v1/organizations/{id}/billing/subscription':
    '/organizations/{organization_id}/billing/subscription',
  '/v1/organization_roles/{id}': '/organization_roles/{organization_role_id}',
  '/v1/organization_permissions/{id}': '/organization_permissions/{permission_id}',
  '/v1/sessions/{id}': '/sessions/{session_id}',
}

const officialPath = (path: string) => official[path] ?? path.replace('/v1', '')
const paths = routes.map(({ path }) => path)
const pathsById = paths.filter((path) => path.includes('{id}'))

/** Endpoints whose answer the catalogue doesn't foresee; Clerk gives it to all of them alike. */
const unforeseen: Record<number, string[]> = {
  401: [
    '/v1/instance',
    '/v1/users/count',
    '/v1/users/{id}/organization_memberships',
    '/v1/organizations',
    '/v1/organizations/{id}',
    '/v1/organizations/{id}/invitations',
    '/v1/organizations/{id}/invitations/{invitation_id}',
    '/v1/organization_invitations',
    '/v1/waitlist_entries',
  ],
  403: [
    '/v1/organization_memberships',
    '/v1/organizations/{id}/memberships',
    '/v1/organization_invitations',
    '/v1/organizations/{id}/invitations',
    '/v1/organizations/{id}/domains',
    '/v1/organization_permissions',
    '/v1/organization_permissions/{id}',
    '/v1/billing/subscription_items',
  ],
  404: [
    '/v1/users/{id}/organization_memberships',
    '/v1/organizations/{id}/memberships',
    '/v1/organizations/{id}/domains',
  ],
  422: ['/v1/users/{id}/organization_memberships', '/v1/waitlist_entries'],
}

function checkRefusal(path: string, status: number, body: unknown): void {
  const problems = checkAnswer(officialPath(path), status, body)
  const isUnforeseen = unforeseen[status]?.includes(path) === true
  expect(problems.length > 0).toBe(isUnforeseen)
  expect(isUnforeseen ? checkSchema('ClerkErrors', body) : problems).toEqual([])
}

beforeAll(async () => {
  fake = await createFakeClerk({ generatedUsers: 20, generatedOrganizations: 2 })
  filled = fillWorld(fake.world)
  ids = {
    '/v1/users': filled.ada.id,
    '/v1/organizations': filled.organization.id,
    '/v1/organization_roles': filled.role.id,
    '/v1/organization_permissions': filled.permission.id,
    '/v1/sessions': filled.session.id,
  }
})

afterAll(() => fake.close())

function fillIn(path: string): string {
  const kind = path.split('/{id}')[0] ?? ''
  const filledIn = path
    .replace('{id}', ids[kind] ?? '')
    .replace('{invitation_id}', filled.pending.id)
  return path === '/v1/sessions' ? `${filledIn}?user_id=${filled.ada.id}` : filledIn
}

describe("answers against Clerk's catalogue", () => {
  test.for(paths)('%s answers as it says, and not with nothing', async (path) => {
    const { status, body } = await ask(fake, fillIn(path))
    expect(status).toBe(200)
    expect(checkAnswer(officialPath(path), 200, body)).toEqual([])
    expect(body).not.toEqual([])
    expect(body).not.toMatchObject({ data: [] })
  })

  test('an organization with its counts is one as well', async () => {
    const flags = 'include_members_count=true&include_missing_member_with_elevated_permissions=true'
    const { body } = await ask(fake, `/v1/organizations?limit=2&${flags}`)
    expect(checkAnswer('/organizations', 200, body)).toEqual([])
    expect(body).toMatchObject({
      data: [{ name: 'Looms', members_count: 0 }, { members_count: 3 }],
    })
  })

  test('sessions in pages are not foreseen, though the SDK asks for them', async () => {
    const { body } = await ask(fake, `/v1/sessions?user_id=${filled.ada.id}&paginated=true`)
    expect(checkAnswer('/sessions', 200, body)).toEqual([' must be array'])
    expect(body).toMatchObject({
      data: [{ status: 'ended' }, { status: 'active' }],
      total_count: 2,
    })
  })

  test('an invented field, a missing one and a wrong type would be found', async () => {
    const { body } = await ask(fake, `/v1/organizations/${filled.organization.id}`)
    const { name: _, ...rest } = body as Record<string, unknown>
    const wrong = { ...rest, slug: 1, invented: true }
    expect(checkAnswer('/organizations/{organization_id}', 200, wrong)).toEqual([
      " must have required property 'name'",
      ' must NOT have additional properties invented',
      '/slug must be string',
    ])
  })
})

describe("refusals against Clerk's catalogue", () => {
  test.for(paths)('%s knows strangers', async (path) => {
    const { status, body } = await ask(fake, fillIn(path), 'sk_test_wrong')
    expect(status).toBe(401)
    checkRefusal(path, 401, body)
  })

  test.for(pathsById)('%s knows unknown ids', async (path) => {
    const { status, body } = await ask(fake, path.replace('{id}', 'unknown'))
    expect(status).toBe(404)
    checkRefusal(path, 404, body)
  })

  test.for(routes.filter(({ feature }) => feature).map(({ path }) => path))(
    '%s knows that its feature is off',
    async (path) => {
      Object.assign(fake.features, { organizations: false, billing: false })
      const { status, body } = await ask(fake, fillIn(path))
      Object.assign(fake.features, { organizations: true, billing: true })
      expect(status).toBe(403)
      checkRefusal(path, 403, body)
    },
  )

  const lists = paths.filter((path) => parametersOf(officialPath(path)).includes('limit'))

  test.for(lists)('%s keeps to the limits of a page', async (path) => {
    const given = fillIn(path)
    const separator = given.includes('?') ? '&' : '?'
    for (const wrong of ['limit=0', 'limit=501', 'limit=many', 'offset=-1']) {
      const { status, body } = await ask(fake, `${given}${separator}${wrong}`)
      expect(status).toBe(422)
      checkRefusal(path, 422, body)
    }
    expect((await ask(fake, `${given}${separator}limit=500`)).status).toBe(200)
  })

  const sorted = paths.filter((path) => parametersOf(officialPath(path)).includes('order_by'))

  test.for(sorted)('%s keeps to its orders', async (path) => {
    for (const wrong of ['order_by=shoe_size', 'order_by=--created_at', 'order_by=+created_at']) {
      const { status, body } = await ask(fake, `${fillIn(path)}?${wrong}`)
      expect(status).toBe(422)
      checkRefusal(path, 422, body)
    }
    for (const right of ['created_at', '%2Bcreated_at', '-created_at']) {
      expect((await ask(fake, `${fillIn(path)}?order_by=${right}`)).status).toBe(200)
    }
  })
})
