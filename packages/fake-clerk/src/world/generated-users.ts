import { buildUser } from './build-object.ts'
import type { ClerkObject } from './clerk-object.ts'

const firstNames = ['Ada', 'Grace', 'Mary', 'Katherine', 'Hedy', 'Radia', 'Barbara', 'Sophie']
const lastNames = ['Lovelace', 'Hopper', 'Somerville', 'Johnson', 'Lamarr', 'Perlman', 'Liskov']

/** Computes generated user number `index`, always the same. */
export function buildGeneratedUser(index: number, id: string, createdAt: number): ClerkObject {
  const firstName = firstNames[index % firstNames.length] ?? ''
  const lastName = lastNames[index % lastNames.length] ?? ''
  return buildUser(id, createdAt, {
    first_name: firstName,
    last_name: lastName,
    // The samples' addresses come from the id in lower case, where two of a million may meet.
    email_address: `${firstName}.${lastName}.${index}@example.com`.toLowerCase(),
    external_id: `customer-${index}`,
    updated_at: createdAt + (index % 1000),
  })
}
