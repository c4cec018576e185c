import { column, idColumn } from './column.ts'
import type { Entity } from './entity.ts'

export const organization: Entity = {
  name: 'organization',
  table: 'organizations',
  about: 'The organizations that users belong to.',
  api: { list: '/organizations', one: '/organizations/{id}' },
  upsertedBy: ['organization.created', 'organization.updated'],
  deletedBy: ['organization.deleted'],
  partOf: [],
  concerns: { organization: 'id' },
  columns: [
    column('name', 'text'),
    column('slug', 'text'),
    column('image_url', 'text'),
    idColumn('created_by'),
    column('public_metadata', 'jsonb'),
    column('private_metadata', 'jsonb', { optional: 'private_metadata' }),
    column('created_at', 'timestamptz'),
  ],
  children: [],
}
