import { describe, expect, test } from 'vitest'
import type { Choice, Kept } from './kept.ts'
import { choiceOf, everything, fields, parseEntities, parseFields, selectKept } from './kept.ts'
import { entities, messages } from './registry.ts'

/** What is left out, by the names with which it can be asked for. */
function leftOut({ entities: kept, requestFields }: Kept): string[] {
  const missing = entities
    .filter(({ name }) => !kept.some((entity) => entity.name === name))
    .map(({ table }) => table)
  const off = kept.flatMap(({ table, columns, children }) => [
    ...columns
      .filter((column) => column.off)
      .map(({ name, optional = name }) => `${table}.${optional}`),
    ...children
      .filter((child) => child.off)
      .map(({ table: name, optional = name }) => `${table}.${optional}`),
  ])
  const request = Object.entries(requestFields).filter(([, isKept]) => !isKept)
  return [...new Set([...missing, ...off, ...request.map(([name]) => `webhook_events.${name}`)])]
}

const leftOutBy = (choice: Choice) => leftOut(selectKept(choice)).toSorted()
const sessions = ['sessions', 'users']

describe('what is kept', () => {
  test('by default is everything but what tells more of people than most need', () => {
    expect(leftOutBy({})).toEqual([
      'organization_invitations.private_metadata',
      'organization_memberships.permissions',
      'organization_memberships.private_metadata',
      'organizations.private_metadata',
      'sessions',
      'users.enterprise_accounts',
      'users.external_accounts',
      'users.last_sign_in_at',
      'users.phone_numbers',
      'users.private_metadata',
      'users.saml_accounts',
      'users.web3_wallets',
      'webhook_events.client_ip',
      'webhook_events.user_agent',
    ])
    expect(leftOutBy({ entities: sessions })).toContain('sessions.latest_activity')
  })

  test('is everything when all of it is named', () => {
    expect(leftOutBy(everything)).toEqual([])
  })

  test('is only the entities that are named, if any are', () => {
    expect(selectKept({ entities: sessions }).entities.map(({ table }) => table)).toEqual([
      'users',
      'sessions',
    ])
    expect(selectKept({ entities: [] }).entities).toEqual([])
  })

  test('gains a field that is named, with the column and the table that it stands for', () => {
    const { entities: kept, requestFields } = selectKept({
      fields: ['users.phone_numbers', 'webhook_events.client_ip'],
    })
    const user = kept.find(({ table }) => table === 'users')
    expect(user?.columns.find(({ name }) => name === 'primary_phone_number')?.off).toBeUndefined()
    expect(user?.children.find(({ table }) => table === 'phone_numbers')?.off).toBeUndefined()
    expect(user?.children.find(({ table }) => table === 'web3_wallets')?.off).toBe(true)
    expect(requestFields).toEqual({ client_ip: true, user_agent: false })
  })

  test('loses a field that is named with a minus, and no other', () => {
    const removed = ['organizations.image_url', 'users.email_addresses']
    expect(leftOutBy({ fields: removed.map((name) => `-${name}`) })).toEqual(
      // The primary address is left out with the others: it could not be queued without them.
      [...leftOutBy({}), ...removed, 'users.primary_email_address'].toSorted(),
    )
  })

  test('leaves the definitions as they are', () => {
    expect(entities.some((entity) => entity.columns.some(({ off }) => off !== undefined))).toBe(
      false,
    )
  })
})

test('the deletion of an owner is kept in any case: what was kept of it once goes with it', () => {
  const kept = selectKept({ entities: ['organization_memberships'] })
  expect(kept.effectOf('user.created').action).toBe('leave')
  expect(kept.effectOf('user.deleted').action).toBe('delete')
  expect(kept.effectOf('organization.deleted').action).toBe('delete')
  const alone = selectKept({ entities: ['roles'] })
  expect(alone.effectOf('user.deleted').action).toBe('delete')
  expect(alone.effectOf('organizationMembership.deleted').action).toBe('leave')
})

test.each<[Choice]>([
  [{}],
  [everything],
  [{ entities: ['roles', 'users'], fields: ['users.phone_numbers', '-users.email_addresses'] }],
  [{ fields: ['webhook_events.client_ip', '-organizations.slug'] }],
])('the choice of what is kept keeps the same: %j', (choice) => {
  const kept = selectKept(choice)
  const again = selectKept(choiceOf(kept))
  expect(leftOut(again)).toEqual(leftOut(kept))
  expect(choiceOf(again)).toEqual(choiceOf(kept))
})

describe('the names of fields', () => {
  test('stand for one thing each', () => {
    expect(new Set(fields.map(({ name }) => name)).size).toBe(fields.length)
  })

  test('that rows need to exist, or to be found with their owner, can not be left out', () => {
    expect(fields.filter(({ removable }) => !removable).map(({ name }) => name)).toEqual([
      'organization_memberships.organization_id',
      'organization_memberships.user_id',
      'organization_invitations.organization_id',
      'organization_invitations.user_id',
      'organization_invitations.status',
      'organization_domains.organization_id',
      'sessions.user_id',
      'waitlist_entries.status',
      'subscriptions.user_id',
      'subscriptions.organization_id',
      'subscription_items.user_id',
      'subscription_items.organization_id',
      'payment_attempts.user_id',
      'payment_attempts.organization_id',
    ])
  })
})

describe('a list of names', () => {
  test('may be separated by commas, spaces and lines', () => {
    expect(parseEntities(' users,organizations\n roles ,, ')).toEqual([
      'users',
      'organizations',
      'roles',
    ])
    expect(parseFields('users.private_metadata, -users.image_url')).toEqual([
      'users.private_metadata',
      '-users.image_url',
    ])
    expect(parseFields('')).toEqual([])
  })

  test('with unknown entities is refused, with all that there are', () => {
    expect(() => parseEntities('users, people,user')).toThrow(
      'names people, user, but there are only users, organizations, ',
    )
  })

  test.each([
    ['is not there', 'users.age'],
    ['is kept anyway', 'users.first_name'],
    ['is left out anyway', '-users.private_metadata'],
    ['can not be left out', '-organization_memberships.user_id'],
    ['is no name of a table', 'user.private_metadata'],
    ['is common to all', '-users.updated_at'],
  ])('with a field that %s is refused', (_, name) => {
    expect(() => parseFields(`users.phone_numbers ${name}`)).toThrow(
      `names ${name}, which can't be chosen; "clerk-sync fields" lists what can`,
    )
  })

  test('that is everything is taken', () => {
    expect(parseEntities(everything.entities?.join() ?? '')).toEqual(everything.entities)
    expect(parseFields(everything.fields?.join() ?? '')).toEqual(everything.fields)
  })
})

describe('the effect of an event', () => {
  const kept = selectKept(everything)

  test('is on the entity of its type', () => {
    for (const entity of kept.entities) {
      const by = (action: string) => (type: string) =>
        expect(kept.effectOf(type)).toEqual({ action, entity })
      entity.upsertedBy.forEach(by('upsert'))
      entity.deletedBy.forEach(by('delete'))
    }
  })

  test("is known for Clerk's 46 types: 44 touch tables, 2 are messages", () => {
    const types = entities.flatMap(({ upsertedBy, deletedBy }) => [...upsertedBy, ...deletedBy])
    expect(types).toHaveLength(44)
    expect(messages.types.map((type) => kept.effectOf(type))).toEqual([
      { action: 'record', concerns: { user: 'user_id' } },
      { action: 'record', concerns: { user: 'user_id' } },
    ])
  })

  test('is none at all where its entity is left out', () => {
    const users = selectKept({ entities: ['users'] })
    expect(users.effectOf('organization.created')).toEqual({ action: 'leave' })
    expect(users.effectOf('role.deleted')).toEqual({ action: 'leave' })
    expect(users.effectOf('email.created')).toMatchObject({ action: 'record' })
    const roles = selectKept({ entities: ['roles'] })
    expect(roles.effectOf('email.created')).toEqual({ action: 'leave' })
  })

  test.each(['', 'user', 'user.renamed', 'User.created', 'toString', '__proto__'])(
    'of the unknown type %j is a record in the ledger that concerns nobody',
    (type) => {
      expect(kept.effectOf(type)).toEqual({ action: 'record', concerns: {} })
    },
  )
})
