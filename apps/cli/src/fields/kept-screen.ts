import { wrap } from '../terminal/text.ts'
import type { EntityReport, FieldReport, KeptReport } from './kept-report.ts'

const width = 80
const labelWidth = 12

/** What is kept, as text for a terminal of 80 columns. */
export function renderKept(report: KeptReport): string {
  const parts = [
    ...report.entities.map(renderEntity),
    renderBlock('webhook_events, the ledger: every event of what is kept', [
      ['kept', 'id, type, whom it concerns, outcome, what changed, times'],
      ...renderFields(report.requestFields, "of users' own requests"),
    ]),
    renderSettings(report),
  ]
  return `${parts.join('\n\n')}\n`
}

function renderEntity({ table, kept, events, fields }: EntityReport): string {
  const [first = '', ...rest] = events
  const group = first.slice(0, first.indexOf('.') + 1)
  const shortened = [first, ...rest.map((type) => type.replace(group, '.'))]
  if (!kept) {
    return renderBlock(`${table}: left out`, [
      ['events', shortened.join(', ')],
      ['left out', listOf(fields)],
      ['keep it', `add ${table} to SYNC_ENTITIES`],
      ['keep more', joined(fields.filter(isOptional).map(settingOf))],
    ])
  }
  return renderBlock(`${table}: kept`, [
    ['events', shortened.join(', ')],
    ['kept', listOf(fields.filter((field) => field.kept))],
    ...renderFields(fields),
  ])
}

type Line = [label: string, text: string]

function renderFields(fields: readonly FieldReport[], note?: string): Line[] {
  const changeable = fields.filter(({ setting }) => setting !== undefined)
  const out = changeable.filter((field) => !field.kept)
  const kept = changeable.filter((field) => field.kept)
  return [
    ['left out', [listOf(out), ...(note && out.length > 0 ? [note] : [])].join(', ')],
    ['keep more', changes(out)],
    ['keep less', changes(kept)],
  ]
}

function changes(fields: readonly FieldReport[]): string {
  const add = fields.filter(({ isSet }) => !isSet).map(settingOf)
  const takeOut = fields.filter(({ isSet }) => isSet).map(settingOf)
  return [
    ...(add.length > 0 ? [joined(add)] : []),
    ...(takeOut.length > 0 ? [`take out ${joined(takeOut)}`] : []),
  ].join('; ')
}

function renderSettings({ syncEntities, syncFields }: KeptReport): string {
  return [
    'The settings that keep this, read by ingest and worker:',
    '',
    `SYNC_ENTITIES=${syncEntities.join(',')}`,
    `SYNC_FIELDS=${syncFields.join(',')}`,
    '',
    ...wrap(
      'SYNC_ENTITIES names everything that is kept: what it does not name is left out. ' +
        'id, updated_at and the bookkeeping columns are always kept. ' +
        'SYNC_FIELDS takes the words beside "keep more" and "keep less", separated by commas. ' +
        'A change holds for events from then on. A column that is left out is emptied with the ' +
        'next event of its row; a table that is left out stays as it is.',
      width,
    ),
  ].join('\n')
}

function renderBlock(title: string, lines: readonly Line[]): string {
  const indent = ' '.repeat(labelWidth + 2)
  const body = lines
    .filter(([, text]) => text !== '')
    .flatMap(([label, text]) => {
      const [first = '', ...rest] = wrap(text, width - indent.length)
      return [`  ${label.padEnd(labelWidth)}${first}`, ...rest.map((line) => indent + line)]
    })
  return [title, ...body].join('\n')
}

// Columns, and child tables as table (columns).
function listOf(fields: readonly FieldReport[]): string {
  const columns = fields.flatMap((field) => field.columns)
  const tables = fields.flatMap(({ childTables }) =>
    childTables.map((child) => `${child.table} (${child.columns.join(', ')})`),
  )
  return [columns.join(', '), ...tables].filter((part) => part !== '').join('; ')
}

const joined = (words: readonly string[]) => words.join(', ')
const settingOf = ({ setting = '' }: FieldReport) => setting
const isOptional = ({ setting }: FieldReport) => setting !== undefined && !setting.startsWith('-')
