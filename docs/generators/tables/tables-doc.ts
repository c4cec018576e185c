import { writeFileSync } from 'node:fs'
import { columnTypes, entities, fieldName, fieldsOf } from '@clerk-sync/events'
import type { ChildTable, Column, Entity, Owner } from '@clerk-sync/events'
import { code, codes, markdownTable } from '../markdown.ts'
import { bookkeeping, ledger, tombstones } from './own-tables.ts'

const intro = `# Tables

<!-- Written by \`npx -y pnpm@12 docs:tables\` from packages/events. Don't edit it here. -->

Everything is in the PostgreSQL schema \`clerk\`. Ids are Clerk's own, and so are \`created_at\` and \`updated_at\`. There are no foreign keys: a row may arrive before what it belongs to.

Each table has a view \`live_…\`, such as \`live_users\`, with the same columns and without what is deleted: rows with \`deleted_at\`, and child rows of such a row. Whoever reads a view needs the rights on its table too, and row level security holds for the view as for the table (from PostgreSQL 15 on; in 14 a view shows all rows). [queries.md](queries.md) has examples.

\`SYNC_ENTITIES\` names the tables that are kept, \`SYNC_FIELDS\` what is kept beyond the default, and with a leading minus what is left out: \`SYNC_FIELDS=users.phone_numbers,-users.image_url\`. What is left out stays null or empty and never enters the queue. \`clerk-sync fields\` shows what your settings keep.

"From" is the path inside \`data\` of the event. Notes:

- required: an event without it can't be applied. A value of any other field that can't be read becomes null, or what the database can hold; a list that can't be read leaves its rows as they are. The worker counts and logs it by name.
- expected: Clerk always sends it. Where it is missing, the row is kept without it, and the worker counts and logs it.
- always kept: \`SYNC_FIELDS\` can't leave it out.
- personal: tells of a person; \`DELETION_POLICY=anonymize\` empties it.
- only with: kept when \`SYNC_FIELDS\` names it.`

const columnsHead = ['Column', 'Type', 'From', 'Note']

/** docs/tables.md, from the definitions of the entities. */
export function renderTablesDoc(): string {
  const parts = [
    intro,
    markdownTable(
      ['Table', 'Kept', 'What it holds'],
      entities.map(({ table, about, optional }) => [
        `[${table}](#${table})`,
        optional ? 'only with `SYNC_ENTITIES`' : 'by default',
        about,
      ]),
    ),
    ...entities.map(renderEntity),
    ...ownTables(),
  ]
  return `${parts.join('\n\n')}\n`
}

function renderEntity(entity: Entity): string {
  const { table, about, children, upsertedBy, optional } = entity
  return [
    `## ${table}`,
    about,
    `Written by ${upsertedBy.map(code).join(', ')}.${optional ? ` Kept only when \`SYNC_ENTITIES\` names \`${table}\`.` : ''}`,
    deletionText(entity),
    markdownTable(columnsHead, [
      ['`id`', 'text', '`id`', 'required, always kept'],
      ...entity.columns.map((column) => columnRow(entity, column)),
      ['`updated_at`', 'timestamptz(3)', '`updated_at`', "always kept; else the event's own time"],
    ]),
    `And the [bookkeeping columns](#bookkeeping-columns).`,
    ...children.map((child) => renderChild(entity, child)),
  ].join('\n\n')
}

/** What deletes an entity's rows, and what that does under each DELETION_POLICY. */
function deletionText(entity: Entity): string {
  const { deletedBy, partOf } = entity
  if (deletedBy.length === 0 && partOf.length === 0) {
    const isAboutSomeone = Object.keys(entity.concerns).length > 0
    const stays = ' It stays, with the id alone, when the user or the organization is deleted.'
    return `Nothing deletes a row: Clerk sends no event for it.${isAboutSomeone ? stays : ''}`
  }
  const causes = [
    ...(deletedBy.length > 0 ? [`by ${codes(deletedBy)}`] : []),
    ...(partOf.length > 0 ? [`together with ${partOf.map(ownerText).join(' or ')}`] : []),
    ...(entity.onePer
      ? [`by a newer one (by \`created_at\`) of ${entity.onePer.map(ownerText).join(' and ')}`]
      : []),
  ]
  const owned = entities.filter((other) => other.partOf.some((owner) => owner === entity.name))
  return [
    `A row is deleted ${causes.join(', and ')}:`,
    '',
    `- \`erase\`: it goes${childrenOf(entity)}.`,
    `- \`anonymize\`: it stays with \`deleted_at\` set${personalOf(entity)}.`,
    '- `retain`: it stays as it was, with `deleted_at` set.',
    ...(owned.length > 0
      ? ['', `The same happens to its rows in ${codes(owned.map(({ table }) => table))}.`]
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

function renderChild(entity: Entity, child: ChildTable): string {
  const { table, about, parentColumn, items, optional, columns } = child
  const kept = optional
    ? `Kept only with \`SYNC_FIELDS=${entity.table}.${optional}\`.`
    : `\`SYNC_FIELDS=-${entity.table}.${table}\` leaves it out.`
  return [
    `### ${table}`,
    `${about} Replaced as a whole with its row in \`${entity.table}\`; the key is \`(${parentColumn}, id)\`. ${kept}`,
    markdownTable(columnsHead, [
      [code('id'), 'text', code(`${items}[].id`), ''],
      [code(parentColumn), 'text', code('id'), ''],
      ...columns.map((column) => [
        code(column.name),
        typeOf(column),
        column.reads.map((path) => code(pathInItems(items, path))).join(', '),
        notesOf(column, [column.about]),
      ]),
    ]),
  ].join('\n\n')
}

function columnRow(entity: Entity, column: Column): string[] {
  const field = fieldName(entity, column)
  const isRemovable = fieldsOf(entity).some(({ name, removable }) => name === field && removable)
  const notes = [
    column.about,
    column.required ? 'expected' : undefined,
    isRemovable ? undefined : 'always kept',
    column.optional === undefined ? undefined : `only with ${code(field)}`,
  ]
  return [
    code(column.name),
    typeOf(column),
    column.reads.map(code).join(', '),
    notesOf(column, notes),
  ]
}

function notesOf(column: Column, notes: (string | undefined)[]): string {
  const all = [...notes, column.personal ? 'personal' : undefined]
  return all.filter((note) => note !== undefined).join('; ')
}

function ownTables(): string[] {
  const head = ['Column', 'Type', 'Note']
  return [
    `## Bookkeeping columns\n\nEvery table of an entity has them; child tables have none. \`updated_at\`, \`event_occurred_at\` and \`event_id\` together are the row's version: a change is written only when its version is greater.`,
    markdownTable(head, bookkeeping),
    '## tombstones\n\nA tombstone says that an id is deleted: an event that comes late does not bring it back. It holds ids and times alone, and is kept longer than the ledger.',
    markdownTable(head, tombstones),
    '## webhook_events\n\nThe ledger: one row for every event of what is kept, and for every event of a type that has no table. It is append-only, which triggers hold: an event is never changed, and deleted only once it is older than `LEDGER_RETENTION_DAYS`. When something is deleted, `changed_values`, `client_ip` and `user_agent` of its events are emptied, unless `DELETION_POLICY=retain`.',
    markdownTable(head, ledger),
  ]
}

function pathInItems(items: string, path: string): string {
  return path.startsWith('../') ? path.slice('../'.length) : `${items}[].${path}`
}

function typeOf({ type }: Column): string {
  return type === 'timestamptz' ? 'timestamptz(3)' : columnTypes[type].sql
}

if (import.meta.main) {
  writeFileSync(new URL('../../tables.md', import.meta.url), renderTablesDoc())
}
