import { createClerkClient } from '@clerk/backend'
import { isClerkAPIResponseError } from '@clerk/backend/errors'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFakeClerk } from '../src/index.ts'
import type { FakeClerk } from '../src/index.ts'
import { ask } from './ask.ts'
import { fillWorld } from './fill-world.ts'

let fake: FakeClerk
let clerk: ReturnType<typeof createClerkClient>
let filled: ReturnType<typeof fillWorld>

beforeAll(async () => {
  fake = await createFakeClerk({ generatedUsers: 30 })
  filled = fillWorld(fake.world)
  const telemetry = { disabled: true }
  clerk = createClerkClient({ secretKey: fake.secretKey, apiUrl: fake.url, telemetry })
})

afterAll(() => fake.close())

test("Clerk's SDK reads users, page by page, and keeps their JSON", async () => {
  const first = await clerk.users.getUserList({ limit: 20, orderBy: '+created_at' })
  expect(first.totalCount).toBe(33)
  expect(first.data).toHaveLength(20)
  const startingAfter = first.data.at(-1)?.id
  const more = { limit: 20, orderBy: '+created_at' as const, startingAfter }
  const second = await clerk.users.getUserList(more)
  expect(second.data).toHaveLength(13)
  const { body } = await ask(fake, `/v1/users/${filled.ada.id}`)
  const ada = await clerk.users.getUser(filled.ada.id)
  expect(ada.raw).toEqual(body)
  expect(ada.primaryEmailAddress?.emailAddress).toBe('ada@example.com')
  expect(await clerk.users.getCount({ userId: [filled.ada.id, filled.mary.id] })).toBe(2)
})

test("Clerk's SDK reads organizations and all that is theirs", async () => {
  const { organization, ada } = filled
  const organizationId = organization.id
  const { organizations } = clerk
  const list = await organizations.getOrganizationList({ includeMembersCount: true })
  expect(list.data.map(({ membersCount }) => membersCount)).toEqual([0, 3])
  const one = await organizations.getOrganization({ organizationId })
  expect(one.raw).toMatchObject({ id: organizationId, role_set_key: 'role_set:default' })

  const ofAll = await organizations.getInstanceOrganizationMembershipList({})
  const ofOne = await organizations.getOrganizationMembershipList({ organizationId })
  expect([ofAll.totalCount, ofOne.totalCount]).toEqual([3, 3])
  expect(ofOne.data[2]?.raw).toMatchObject({ public_user_data: { user_id: ada.id } })
  const ofUser = await clerk.users.getOrganizationMembershipList({ userId: ada.id })
  expect(ofUser.data[0]?.organization.id).toBe(organizationId)

  const invitations = await organizations.getOrganizationInvitationList({
    organizationId,
    status: ['pending'],
  })
  expect(invitations.data.map(({ emailAddress }) => emailAddress)).toEqual(['new@example.com'])
  expect(invitations.data[0]?.raw).toMatchObject({ inviter_id: ada.id })
  const domains = await organizations.getOrganizationDomainList({ organizationId })
  expect(domains.data[0]).toMatchObject({ name: 'engines.example' })
})

test("Clerk's SDK reads the other kinds", async () => {
  const { ada, organization, role, permission, entry, session, subscription } = filled
  const roles = await clerk.organizationRoles.getOrganizationRoleList()
  expect(roles.data.map(({ id }) => id)).toEqual([role.id])
  const permissions = await clerk.organizationPermissions.getOrganizationPermissionList()
  expect(permissions.data.map(({ id }) => id)).toEqual([permission.id])
  expect((await clerk.waitlistEntries.list()).data.map(({ id }) => id)).toEqual([entry.id])
  const sessions = await clerk.sessions.getSessionList({ userId: ada.id })
  expect(sessions.totalCount).toBe(2)
  expect((await clerk.sessions.getSession(session.id)).userId).toBe(ada.id)
  const paid = await clerk.billing.getUserBillingSubscription(ada.id)
  expect(paid.id).toBe(subscription.id)
  const ofOrganization = await clerk.billing.getOrganizationBillingSubscription(organization.id)
  expect(ofOrganization.subscriptionItems).toHaveLength(2)
  expect((await clerk.instance.get()).environmentType).toBe('development')
})

test("Clerk's SDK reads refusals: how long to wait, what is missing, what is off", async () => {
  const refusal = async (call: Promise<unknown>) => {
    const error: unknown = await call.catch((reason: unknown) => reason)
    if (!isClerkAPIResponseError(error)) throw new Error('no answer of Clerk', { cause: error })
    const { status, retryAfter, errors, clerkTraceId } = error
    return { status, retryAfter, code: errors[0]?.code, isTraced: Boolean(clerkTraceId) }
  }
  fake.faults.add({ rateLimit: { requests: 0, windowMs: 7000 }, path: '/v1/organizations' })
  expect(await refusal(clerk.organizations.getOrganizationList())).toEqual({
    status: 429,
    retryAfter: 7,
    code: 'too_many_requests',
    isTraced: true,
  })
  fake.faults.clear()
  expect(await refusal(clerk.users.getUser('user_unknown'))).toMatchObject({
    status: 404,
    code: 'resource_not_found',
  })
  fake.features.organizations = false
  expect(await refusal(clerk.organizations.getOrganizationList())).toMatchObject({
    status: 403,
    code: 'organization_not_enabled_in_instance',
  })
  fake.features.organizations = true
  const strange = createClerkClient({ secretKey: 'sk_test_wrong', apiUrl: fake.url })
  expect(await refusal(strange.users.getUser('user_1'))).toMatchObject({ status: 401 })
})
