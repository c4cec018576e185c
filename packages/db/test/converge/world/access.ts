import { born, one, sendChanged, sendDeleted } from './world.ts'
import type { Thing, World } from './world.ts'

export interface Permission extends Thing {
  name: string | null
  key: string
  description: string
  type: string
}

export interface Role extends Thing {
  name: string | null
  key: string
  description: string
  is_creator_eligible: boolean
  permissions: Permission[]
}

export interface Entry extends Thing {
  email_address: string
  status: 'pending' | 'invited' | 'completed'
}

export const accessActions = {
  createRole: (world: World) => void createRole(world),
  updateRole(world: World) {
    const role = one(world.roles, world.step.pick) ?? createRole(world)
    role.name = world.step.text
    role.permissions = world.permissions.filter((_, place) => (world.step.other >> place) % 2)
    sendChanged(world, 'role.updated', role)
  },
  deleteRole(world: World) {
    const role = one(world.roles, world.step.pick) ?? createRole(world)
    world.roles.splice(world.roles.indexOf(role), 1)
    sendDeleted(world, 'role.deleted', role)
  },
  createPermission: (world: World) => void createPermission(world),
  updatePermission(world: World) {
    const permission = one(world.permissions, world.step.pick) ?? createPermission(world)
    permission.name = world.step.text
    sendChanged(world, 'permission.updated', permission)
  },
  deletePermission(world: World) {
    const permission = one(world.permissions, world.step.pick) ?? createPermission(world)
    world.permissions.splice(world.permissions.indexOf(permission), 1)
    sendDeleted(world, 'permission.deleted', permission)
  },
  enlist(world: World) {
    const entry: Entry = {
      ...born(world, 'wle'),
      email_address: `${world.step.pick}@example.com`,
      status: 'pending',
    }
    world.entries.push(entry)
    sendChanged(world, 'waitlistEntry.created', entry)
  },
  updateEntry(world: World) {
    const entry = one(world.entries, world.step.pick)
    if (!entry) return accessActions.enlist(world)
    entry.status = one(['pending', 'invited', 'completed'] as const, world.step.other) ?? 'pending'
    sendChanged(world, 'waitlistEntry.updated', entry)
  },
}

function createRole(world: World): Role {
  const role: Role = {
    ...born(world, 'role'),
    name: world.step.text,
    key: `org:role-${world.step.pick}`,
    description: 'one of few',
    is_creator_eligible: world.step.pick % 2 === 0,
    permissions: world.permissions.slice(0, 2),
  }
  world.roles.push(role)
  sendChanged(world, 'role.created', role)
  return role
}

function createPermission(world: World): Permission {
  const permission: Permission = {
    ...born(world, 'perm'),
    name: world.step.text,
    key: `org:permission-${world.step.pick}`,
    description: 'one of many',
    type: 'user',
  }
  world.permissions.push(permission)
  sendChanged(world, 'permission.created', permission)
  return permission
}
