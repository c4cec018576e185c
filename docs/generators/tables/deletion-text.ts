import { entities } from '@clerk-sync/events'
import type { Column, Entity, Owner } from '@clerk-sync/events'

/** What deletes an entity's rows, and what that does under each DELETION_POLICY. */
export function deletionText(entity: Entity): string {
  const { deletedBy, partOf } = entity
  if (deletedBy.length === 0 && partOf.length === 0) {
    const isAboutSomeone = Object.keys(entity.concerns).length > 0
    const stays = ' It stays, with the id alone, when the user or the organization is deleted.'
    return `Nothing deletes a row: Clerk sends no event for it.${isAboutSomeone ? stays : ''}`
  }
  const causes = [
    ...(deletedBy.length > 0 ? [`by ${codes(deletedBy)}`] : []),
    ...(partOf.length > 0 ? [`together with ${partOf.map(ownerText).join(' or ')}`] : []),
  ]
  const belongings = entities.filter((other) => other.partOf.some((owner) => owner === entity.name))
  return [
    `A row is deleted ${causes.join(', and ')}:`,
    '',
    `- \`erase\`: it goes${childrenOf(entity)}.`,
    `- \`anonymize\`: it stays with \`deleted_at\` set${personalOf(entity)}.`,
    '- `retain`: it stays as it was, with `deleted_at` set.',
    ...(belongings.length > 0
      ? ['', `The same happens to its rows in ${codes(belongings.map(({ table }) => table))}.`]
      : []),
  ].join('\n')
}

const ownerText = (owner: Owner) => (owner === 'user' ? 'its user' : 'its organization')

function childrenOf({ children }: Entity): string {
  return children.length > 0
    ? `, with its rows in ${codes(children.map(({ table }) => table))}`
    : ''
}

function personalOf({ columns, children }: Entity): string {
  const tables = children.filter((child) => hasPersonal(child.columns)).map(({ table }) => table)
  if (tables.length > 0) return ` and every personal column emptied, also in ${codes(tables)}`
  return hasPersonal(columns) ? ' and every personal column emptied' : ''
}

const hasPersonal = (columns: readonly Column[]) => columns.some(({ personal }) => personal)

function codes(words: readonly string[]): string {
  return new Intl.ListFormat('en').format(words.map((word) => `\`${word}\``))
}
