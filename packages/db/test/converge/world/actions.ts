import { accessActions } from './access.ts'
import { billingActions } from './billing.ts'
import { organizationActions } from './organizations.ts'
import { deleteUser, peopleActions } from './people.ts'
import { makeId, one, send } from './world.ts'
import type { World } from './world.ts'

type Action = (world: World) => void
export type Topic = keyof typeof actions

const frequent = /^(update|change|settle|touch|join|accept|moveAddress)/

/** What may happen whatever the history is about. */
const always = {
  deleteAgain(world: World) {
    const report = one(world.deletes, world.step.pick)
    if (report) send(world, report)
  },
  // Clerk may have been at it when the thing was deleted.
  updateDead(world: World) {
    const report = one(world.lastWords, world.step.pick)
    if (!report) return
    send(world, { ...report, data: { ...report.data, updated_at: world.now } })
  },
  deleteUnknown(world: World) {
    const [kind, prefix] = one(deletable, world.step.pick) ?? []
    if (kind && prefix) {
      send(world, { type: `${kind}.deleted`, data: { id: makeId(world, prefix) } })
    }
  },
}

const deletable = [
  ['user', 'user'],
  ['organization', 'org'],
  ['organizationMembership', 'orgmem'],
  ['organizationDomain', 'orgdmn'],
  ['role', 'role'],
  ['permission', 'perm'],
] as const

const actions = {
  people: weighted(peopleActions),
  // Users go here too: much of what is an organization's goes with them.
  organizations: [...weighted(organizationActions), deleteUser],
  access: weighted(accessActions),
  billing: weighted(billingActions),
}

export const topics = Object.keys(actions) as Topic[]

/** Every action of these topics, frequent ones more than once. */
export function actionsOf(chosen: readonly Topic[]): readonly Action[] {
  return [...chosen.flatMap((topic) => actions[topic]), ...Object.values(always)]
}

function weighted(some: { readonly [name: string]: Action }): Action[] {
  return Object.entries(some).flatMap(([name, action]) =>
    frequent.test(name) ? [action, action, action] : [action],
  )
}
