import { entities } from './registry.ts'
import { fields } from './kept.ts'
import { describe, expect, test } from 'vitest'
import { readConfig } from '@clerk-sync/ops'
import { fieldsLeftOut, keptBy, keptVariables } from './kept-settings.ts'

const read = (env: NodeJS.ProcessEnv) => keptBy(readConfig(keptVariables, env, fieldsLeftOut(env)))
const tablesOf = (env: NodeJS.ProcessEnv) => read(env).entities.map(({ table }) => table)

describe('what is kept', () => {
  test('is what is kept by default where nothing is set, or only empty strings are', () => {
    const usual = entities.filter(({ optional }) => !optional).map(({ table }) => table)
    expect(tablesOf({})).toEqual(usual)
    expect(tablesOf({ SYNC_ENTITIES: '', SYNC_FIELDS: '' })).toEqual(usual)
  })

  test.each(['users,sessions', 'users sessions', ' users, sessions ,\n', 'sessions,users,users'])(
    'is named with commas or spaces, in any order: %j',
    (text) => expect(tablesOf({ SYNC_ENTITIES: text })).toEqual(['users', 'sessions']),
  )

  test('takes optional fields in and others out', () => {
    const env = { SYNC_FIELDS: 'users.private_metadata,-users.image_url webhook_events.client_ip' }
    const [user] = read(env).entities
    const off = user?.columns.filter((column) => column.off).map(({ name }) => name)
    expect(off).toContain('image_url')
    expect(off).not.toContain('private_metadata')
    expect(read(env).requestFields).toEqual({ client_ip: true, user_agent: false })
  })

  test('can be all that there is', () => {
    const optional = fields.filter((field) => field.optional).map(({ name }) => name)
    const env = {
      SYNC_ENTITIES: entities.map(({ table }) => table).join(','),
      SYNC_FIELDS: optional.join(','),
    }
    expect(read(env).entities.flatMap(({ columns }) => columns.filter(({ off }) => off))).toEqual(
      [],
    )
  })

  test('is read from the examples, too', () => {
    const { SYNC_ENTITIES, SYNC_FIELDS } = keptVariables
    const env = { SYNC_ENTITIES: SYNC_ENTITIES.example, SYNC_FIELDS: SYNC_FIELDS.example }
    expect(read(env).entities).toHaveLength(3)
  })
})

describe('a setting that can not be', () => {
  test('is named with what there is', () => {
    expect(() => read({ SYNC_ENTITIES: 'users,robots', SYNC_FIELDS: 'private_metadata' })).toThrow(
      /\n {2}SYNC_ENTITIES names robots, but there are only users, organizations, .*\. Example: SYNC_ENTITIES=users,.*\n {2}SYNC_FIELDS names private_metadata, .*\. Example: SYNC_FIELDS=/,
    )
  })

  test('is a field of an entity that is left out, which is said of each', () => {
    const env = {
      SYNC_ENTITIES: 'users',
      SYNC_FIELDS: 'sessions.latest_activity,-organizations.slug,users.phone_numbers',
    }
    expect(() => read(env)).toThrow(
      [
        'settings are wrong:',
        '  SYNC_FIELDS names sessions.latest_activity, but SYNC_ENTITIES leaves sessions out',
        '  SYNC_FIELDS names -organizations.slug, but SYNC_ENTITIES leaves organizations out',
      ].join('\n'),
    )
    expect(fieldsLeftOut({ SYNC_FIELDS: 'sessions.latest_activity' })).toHaveLength(1)
    expect(fieldsLeftOut({ SYNC_FIELDS: 'webhook_events.client_ip' })).toEqual([])
  })

  test('is not said to be left out where it can not be read at all', () => {
    expect(fieldsLeftOut({ SYNC_ENTITIES: 'robots', SYNC_FIELDS: 'users.phone_numbers' })).toEqual(
      [],
    )
    expect(fieldsLeftOut({ SYNC_FIELDS: 'robots.serial' })).toEqual([])
  })
})
