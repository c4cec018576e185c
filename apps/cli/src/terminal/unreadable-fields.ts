import type { Entity } from '@clerk-sync/events'

/** Says once of each field that Clerk sent something in it that can't be read. Never a value. */
export function unreadableFields(line: (text: string) => void) {
  const said = new Set<string>()
  return ({ table }: Entity, fields: readonly string[]): void => {
    for (const field of fields.map((name) => `${table}: ${name}`)) {
      if (said.has(field)) continue
      said.add(field)
      line(`${field} can't be read in some objects: it becomes null, a list stays as it was`)
    }
  }
}
