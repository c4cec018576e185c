import { column } from './column.ts'
import type { ChildTable, Entity } from './entity.ts'

const rolePermissions: ChildTable = {
  table: 'role_permissions',
  about: 'Which permissions a role grants.',
  parentColumn: 'role_id',
  items: 'permissions',
  columns: [column('key', 'text')],
}

export const role: Entity = {
  name: 'role',
  table: 'roles',
  about: 'The roles that a member of an organization can have.',
  api: { list: '/organization_roles', one: '/organization_roles/{id}' },
  upsertedBy: ['role.created', 'role.updated'],
  deletedBy: ['role.deleted'],
  partOf: [],
  concerns: {},
  columns: [
    column('name', 'text'),
    column('key', 'text'),
    column('description', 'text'),
    column('is_creator_eligible', 'boolean'),
    column('created_at', 'timestamptz'),
  ],
  children: [rolePermissions],
}
