import { buildDeletedObject } from './deleted-object.ts'
import { buildPermission } from './permission.ts'
import type { Sample, SampleContext } from './sample.ts'

const idPrefix = 'role'

export const roleSamples = {
  'role.created': { idPrefix, build: buildRole },
  'role.updated': { idPrefix, build: buildUpdatedRole },
  'role.deleted': { idPrefix, build: (context) => buildDeletedObject('role', context) },
} satisfies Record<string, Sample>

function buildRole(context: SampleContext) {
  const permission = buildPermission({
    ...context,
    id: `perm_${context.suffix}`,
    updatedAt: context.createdAt,
  })
  return {
    object: 'role',
    id: context.id,
    name: 'Operator',
    key: `org:operator_${context.tag}`,
    description: 'Runs the engines',
    is_creator_eligible: false,
    permissions: [permission],
    created_at: context.createdAt,
    updated_at: context.updatedAt,
  }
}

function buildUpdatedRole(context: SampleContext) {
  return {
    ...buildRole(context),
    name: 'Chief operator',
    description: 'Runs the engines and trains the operators',
    is_creator_eligible: true,
  }
}
