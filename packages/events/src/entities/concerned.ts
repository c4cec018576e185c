import { idAt } from './column.ts'
import type { ClerkObject, Entity, Owner } from './entity.ts'

/** The ids of the user and the organization that an event concerns. */
export type Concerned = { readonly [O in Owner]?: string }

/** Reads from Clerk's object whom an event concerns. */
export function readConcerned(concerns: Entity['concerns'], data: ClerkObject): Concerned {
  const user = concerns.user && idAt(data, concerns.user)
  const organization = concerns.organization && idAt(data, concerns.organization)
  return { ...(user ? { user } : {}), ...(organization ? { organization } : {}) }
}
