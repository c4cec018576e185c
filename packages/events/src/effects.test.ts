import { effectOf } from '@clerk-sync/entities'
import { expect, test } from 'vitest'
import { eventTypes } from './catalogue.ts'

const effects: Record<string, string> = {
  'user.created': 'upsert user',
  'user.updated': 'upsert user',
  'user.deleted': 'delete user',
  'organization.created': 'upsert organization',
  'organization.updated': 'upsert organization',
  'organization.deleted': 'delete organization',
  'organizationMembership.created': 'upsert organization_membership',
  'organizationMembership.updated': 'upsert organization_membership',
  'organizationMembership.deleted': 'delete organization_membership',
}

test.each(eventTypes)('%s does to the tables what it should', (type) => {
  const effect = effectOf(type)
  expect(effect && `${effect.action} ${effect.entity.name}`).toBe(effects[type])
})

test('nine types have an effect, the other 37 of the catalogue have none', () => {
  expect(eventTypes.filter((type) => effectOf(type))).toHaveLength(9)
  expect(eventTypes.filter((type) => !effectOf(type))).toHaveLength(37)
})
