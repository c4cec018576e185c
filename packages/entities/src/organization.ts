import { column } from './column.ts'
import type { Entity } from './entity.ts'

export const organization: Entity = {
  name: 'organization',
  table: 'organizations',
  upsertedBy: ['organization.created', 'organization.updated'],
  deletedBy: ['organization.deleted'],
  columns: [
    column('name', 'text'),
    column('slug', 'text'),
    column('image_url', 'text'),
    column('created_by', 'text'),
    column('public_metadata', 'jsonb'),
    column('created_at', 'timestamptz'),
  ],
  children: [],
}
