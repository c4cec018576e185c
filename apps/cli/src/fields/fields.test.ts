import { entities, fields as allFields, selectKept } from '@clerk-sync/events'
import { describe, expect, test } from 'vitest'
import type { KeptReport } from './kept-report.ts'
import { fields } from './fields.ts'

const screenOf = (env: NodeJS.ProcessEnv = {}) => fields({}, env).text
const reportOf = (env: NodeJS.ProcessEnv = {}) =>
  JSON.parse(fields({ json: true }, env).text) as KeptReport

function blockOf(table: string, env: NodeJS.ProcessEnv = {}): string {
  const block = screenOf(env)
    .split('\n\n')
    .find((part) => part.startsWith(`${table}:`))
  return block?.replaceAll(/\n {14}/g, ' ') ?? ''
}

describe('fields', () => {
  test('fits a terminal of 80 columns, but for the settings to copy', () => {
    const optional = allFields.filter((field) => field.optional).map(({ name }) => name)
    const all = {
      SYNC_ENTITIES: entities.map(({ table }) => table).join(),
      SYNC_FIELDS: optional.join(),
    }
    for (const env of [{}, { SYNC_ENTITIES: 'users' }, all]) {
      const lines = screenOf(env).split('\n')
      const wide = lines.filter((line) => line.length > 80 && !line.startsWith('SYNC_'))
      expect(wide).toEqual([])
      expect(screenOf(env)).toMatch(/^[\n -~]+\n$/)
    }
  })

  test('shows of each entity whether and what is kept, and what changes it', () => {
    expect(blockOf('organization_memberships')).toBe(
      [
        'organization_memberships: kept',
        '  events      organizationMembership.created, .updated, .deleted',
        '  kept        organization_id, user_id, role, public_metadata, created_at',
        '  left out    permissions, private_metadata',
        '  keep more   organization_memberships.permissions, organization_memberships.private_metadata',
        '  keep less   -organization_memberships.role, -organization_memberships.public_metadata, -organization_memberships.created_at',
      ].join('\n'),
    )
    expect(blockOf('users')).toMatch(/\n {2}kept .*username, .*; email_addresses \(id, user_id, /)
    expect(blockOf('users')).toMatch(/\n {2}left out .*private_metadata, .*phone_numbers \(/)
    expect(blockOf('users')).toMatch(/\n {2}keep more .*users\.phone_numbers, /)
    expect(blockOf('users')).toMatch(/\n {2}keep less .*-users\.image_url, /)
  })

  test('says how to keep an entity that is left out', () => {
    const sessions = blockOf('sessions')
    expect(sessions).toMatch(/^sessions: left out\n/)
    expect(sessions).toMatch(/\n {2}left out .*user_id, .*ip_address/)
    expect(sessions).toMatch(/\n {2}keep it {5}add sessions to SYNC_ENTITIES\n/)
    expect(sessions).toMatch(/\n {2}keep more {3}sessions\.latest_activity$/)
    expect(sessions).not.toContain('keep less')
    expect(blockOf('sessions', { SYNC_ENTITIES: 'sessions' })).toMatch(/^sessions: kept\n/)
    expect(blockOf('users', { SYNC_ENTITIES: 'sessions' })).toMatch(/^users: left out\n/)
  })

  test('says of what is set that it can be taken out', () => {
    const users = blockOf('users', { SYNC_FIELDS: 'users.phone_numbers,-users.image_url' })
    expect(users).toMatch(/\n {2}kept .*primary_phone_number, .*phone_numbers \(/)
    expect(users).toMatch(/\n {2}left out {4}image_url, /)
    expect(users).toMatch(/\n {2}keep more .*; take out -users\.image_url\n/)
    expect(users).toMatch(/\n {2}keep less .*; take out users\.phone_numbers$/)
  })

  test('shows what the ledger keeps of requests', () => {
    expect(blockOf('webhook_events, the ledger')).toMatch(
      /\n {2}left out {4}client_ip, user_agent, of users' own requests\n {2}keep more /,
    )
    const { requestFields } = reportOf({ SYNC_FIELDS: 'webhook_events.client_ip' })
    expect(requestFields).toMatchObject([
      { name: 'webhook_events.client_ip', kept: true, isSet: true },
      { name: 'webhook_events.user_agent', kept: false, isSet: false },
    ])
  })

  test('ends with settings that keep the same', () => {
    const env = { SYNC_ENTITIES: 'sessions users', SYNC_FIELDS: 'users.phone_numbers' }
    expect(screenOf(env)).toContain(
      '\nSYNC_ENTITIES=users,sessions\nSYNC_FIELDS=users.phone_numbers\n',
    )
    const { syncEntities } = reportOf()
    expect(reportOf({ SYNC_ENTITIES: syncEntities.join(',') })).toEqual(reportOf())
  })

  test('knows as JSON of every field what the processes do with it', () => {
    const chosen = ['users.private_metadata', '-organizations.slug']
    const kept = selectKept({ fields: chosen })
    const report = reportOf({ SYNC_FIELDS: chosen.join(' ') })
    expect(report.entities.map(({ table }) => table)).toEqual(entities.map(({ table }) => table))
    for (const { table, fields: reported, kept: isKept } of report.entities) {
      const entity = kept.entities.find((one) => one.table === table)
      expect(isKept).toBe(entity !== undefined)
      const parts = [
        ...(entity?.columns ?? []),
        ...(entity?.children ?? []).map((child) => ({ ...child, name: child.table })),
      ]
      const on = parts.filter(({ off }) => !off).map(({ name }) => name)
      const shown = reported
        .filter((field) => field.kept)
        .flatMap((field) => [...field.columns, ...field.childTables.map((child) => child.table)])
      expect(shown.toSorted()).toEqual(on.toSorted())
    }
  })

  test('shows beside wrong settings, in the words of the processes, what could be set', () => {
    const env = { SYNC_FIELDS: 'sessions.latest_activity' }
    const words =
      'settings are wrong:\n  SYNC_FIELDS names sessions.latest_activity, but SYNC_ENTITIES leaves sessions out'
    const { text, problem } = fields({}, env)
    expect(problem?.message).toBe(words)
    expect(text).toContain(screenOf())
    expect(text).toMatch(/^The settings are wrong\. Without any, this is kept:\n/)
    expect(fields({}, {}).problem).toBeUndefined()
    expect(() => fields({ json: true }, env)).toThrow(words)
    expect(fields({}, { SYNC_ENTITIES: 'robots' }).problem?.message).toMatch(
      /\n {2}SYNC_ENTITIES names robots/,
    )
  })
})
