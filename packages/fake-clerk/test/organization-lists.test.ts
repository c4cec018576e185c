import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFakeClerk } from '../src/index.ts'
import type { FakeClerk } from '../src/index.ts'
import { ask, askForIds, askRefused } from './ask.ts'
import { fillWorld } from './fill-world.ts'

let fake: FakeClerk
let filled: ReturnType<typeof fillWorld>

beforeAll(async () => {
  fake = await createFakeClerk({ generatedUsers: 12, generatedOrganizations: 3 })
  filled = fillWorld(fake.world)
})

afterAll(() => fake.close())

test('organizations are found by id, slug and member, and sorted by size', async () => {
  const { organization, other, ada } = filled
  const bySlug = await ask(fake, `/v1/organizations/${String(organization['slug'])}`)
  expect(bySlug.body).toMatchObject({ id: organization.id })
  expect(await askForIds(fake, `/v1/organizations?user_id=${ada.id}`)).toEqual([organization.id])
  expect(await askForIds(fake, '/v1/organizations?query=loom')).toEqual([other.id])
  const smallest = await askForIds(fake, '/v1/organizations?order_by=members_count&limit=1')
  expect(smallest).toEqual([other.id])
})

describe('memberships', () => {
  test('are listed for the instance, an organization and a user', async () => {
    const { organization, membership, mary, grace } = filled
    const all = await ask(fake, '/v1/organization_memberships?limit=500')
    expect(all.body).toMatchObject({ total_count: 15 })
    const path = `/v1/organizations/${organization.id}/memberships`
    expect((await ask(fake, path)).body).toMatchObject({
      total_count: 3,
      data: [
        { public_user_data: { user_id: grace.id } },
        { id: membership.id },
        { role: 'org:admin' },
      ],
    })
    expect(await askForIds(fake, `${path}?role=org:member&user_id=-${grace.id}`)).toEqual([
      membership.id,
    ])
    expect(await askForIds(fake, `${path}?query=mary`)).toEqual([membership.id])
    const ofMary = `/v1/users/${mary.id}/organization_memberships`
    expect(await askForIds(fake, ofMary)).toEqual([membership.id])
  })

  test('of generated organizations are those of every nth generated user', async () => {
    const [oldest] = await askForIds(fake, '/v1/organizations?order_by=created_at&limit=1')
    const path = `/v1/organizations/${oldest}/memberships?order_by=created_at`
    const users = await askForIds(fake, '/v1/users?order_by=created_at&limit=12')
    const { body } = await ask(fake, path)
    const members = (body as { data: { public_user_data: { user_id: string } }[] }).data
    expect(members.map((member) => member.public_user_data.user_id)).toEqual(
      [0, 3, 6, 9].map((index) => users[index]),
    )
    const ofUser = await ask(fake, `/v1/users/${users[3]}/organization_memberships`)
    expect(ofUser.body).toMatchObject({ total_count: 1, data: [{ organization: { id: oldest } }] })
  })

  test('show their organization and user as they are now', async () => {
    const { organization, membership, mary } = filled
    fake.world.updateOrganization(organization.id, { name: 'Better engines' })
    fake.world.updateUser(mary.id, { last_name: 'Fairfax' })
    const path = `/v1/users/${mary.id}/organization_memberships`
    expect((await ask(fake, path)).body).toMatchObject({
      data: [
        {
          updated_at: membership.updated_at,
          organization: { name: 'Better engines' },
          public_user_data: { last_name: 'Fairfax' },
        },
      ],
    })
  })
})

test('invitations are found by status and address', async () => {
  const { organization, pending, accepted } = filled
  const path = `/v1/organizations/${organization.id}/invitations`
  expect(await askForIds(fake, path)).toEqual([accepted.id, pending.id])
  expect(await askForIds(fake, `${path}?status=pending&status=revoked`)).toEqual([pending.id])
  expect(await askForIds(fake, `${path}?email_address=new@example.com`)).toEqual([pending.id])
  expect(await askForIds(fake, '/v1/organization_invitations?query=GRACE')).toContain(accepted.id)
  expect(await askRefused(fake, `${path}?status=lost`)).toBe('422 form_param_value_invalid')
})

test('domains are found by name, mode and organization', async () => {
  const { organization, domain } = filled
  for (const query of [
    'query=ENGINES',
    'domains=engines.example',
    'enrollment_mode=manual_invitation,enterprise_sso',
    'enrollment_mode=-enterprise_sso',
    `query=${organization.id}`,
    'verified=false',
  ]) {
    expect(await askForIds(fake, `/v1/organization_domains?${query}`)).toEqual([domain.id])
  }
  const verified = `/v1/organizations/${organization.id}/domains?verified=true`
  expect(await askForIds(fake, verified)).toEqual([])
  const empty = '/v1/organization_domains?query=%20'
  expect(await askRefused(fake, empty)).toBe('422 form_param_value_invalid')
})

test('sessions need a user or a client', async () => {
  const { ada, session } = filled
  expect(await askRefused(fake, '/v1/sessions')).toBe('422 form_param_missing')
  const active = `/v1/sessions?user_id=${ada.id}&status=active`
  expect(await askForIds(fake, active)).toEqual([session.id])
  const byClient = `/v1/sessions?client_id=${String(session['client_id'])}`
  expect(await askForIds(fake, byClient)).toEqual([session.id])
})

test('subscription items are found by payer and plan, free ones on request only', async () => {
  const { mary, ada, organization } = filled
  const items = async (query: string) =>
    (await askForIds(fake, `/v1/billing/subscription_items?${query}`)).length
  expect(await items('')).toBe(3)
  expect(await items('payer_type=org')).toBe(2)
  expect(await items('status=upcoming')).toBe(1)
  const plan = { id: 'cplan_free', slug: 'free', name: 'Free', is_recurring: false, amount: 0 }
  fake.world.createSubscription({ user_id: mary.id, items: [{ plan, plan_id: plan.id }] })
  expect(await items('')).toBe(3)
  expect(await items('include_free=true')).toBe(4)
  expect(await items('include_free=true&plan_id=cplan_free')).toBe(1)
  const { body } = await ask(fake, `/v1/users/${ada.id}/billing/subscription`)
  expect(body).toMatchObject({ id: filled.subscription.id, subscription_items: [{}] })
  const ofOrganization = await ask(
    fake,
    `/v1/organizations/${organization.id}/billing/subscription`,
  )
  expect(ofOrganization.body).toMatchObject({ subscription_items: [{}, {}] })
  const none = `/v1/users/${filled.grace.id}/billing/subscription`
  expect(await askRefused(fake, none)).toBe('404 resource_not_found')
})

test('features can be switched off while it runs', async () => {
  fake.features.organizations = false
  expect(await askRefused(fake, '/v1/organization_roles')).toBe(
    '403 organization_not_enabled_in_instance',
  )
  fake.features.organizations = true
  fake.features.billing = false
  expect(await askRefused(fake, '/v1/billing/subscription_items')).toBe('403 billing_not_enabled')
  fake.features.billing = true
})
