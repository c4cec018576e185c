import { buildDeletedObject } from './deleted-object.ts'
import type { Sample, SampleContext } from './sample.ts'

const idPrefix = 'perm'

export const permissionSamples = {
  'permission.created': { idPrefix, build: buildPermission },
  'permission.updated': { idPrefix, build: buildUpdatedPermission },
  'permission.deleted': { idPrefix, build: (context) => buildDeletedObject('permission', context) },
} satisfies Record<string, Sample>

/** Builds a custom permission, also as part of a role. */
export function buildPermission(context: SampleContext) {
  return {
    object: 'permission',
    id: context.id,
    name: 'Run engines',
    key: `org:engines_${context.tag}:run`,
    description: 'Start and stop the engines',
    type: 'custom',
    created_at: context.createdAt,
    updated_at: context.updatedAt,
  }
}

function buildUpdatedPermission(context: SampleContext) {
  return {
    ...buildPermission(context),
    name: 'Run and oil engines',
    description: 'Start, stop and oil the engines',
  }
}
