import { column } from './column.ts'
import type { Entity } from './entity.ts'

export const permission: Entity = {
  name: 'permission',
  table: 'permissions',
  about: 'What a role can permit.',
  api: { list: '/organization_permissions', one: '/organization_permissions/{id}' },
  upsertedBy: ['permission.created', 'permission.updated'],
  deletedBy: ['permission.deleted'],
  partOf: [],
  concerns: {},
  columns: [
    column('name', 'text'),
    column('key', 'text'),
    column('description', 'text'),
    column('type', 'text'),
    column('created_at', 'timestamptz'),
  ],
  children: [],
}
