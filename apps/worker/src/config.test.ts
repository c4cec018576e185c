import { expect, test } from 'vitest'
import { readWorkerConfig } from './config.ts'

const complete = { DATABASE_URL: 'postgresql://localhost/app' }

test('a database is enough', () => {
  expect(readWorkerConfig(complete)).toMatchObject({
    databaseUrl: 'postgresql://localhost/app',
    queue: { kind: 'postgres' },
    batchSize: 200,
    deletionPolicy: 'erase',
    auditValues: false,
    ledgerRetentionDays: 90,
  })
  expect(readWorkerConfig(complete).kept.effectOf('session.created').action).toBe('leave')
})

test('what is kept, for how long and after a deletion can be chosen', () => {
  const env = {
    ...complete,
    SYNC_ENTITIES: 'users',
    DELETION_POLICY: 'anonymize',
    AUDIT_VALUES: 'true',
    LEDGER_RETENTION_DAYS: '36500',
  }
  const { kept, ...config } = readWorkerConfig(env)
  expect(kept.entities.map(({ table }) => table)).toEqual(['users'])
  expect(config).toMatchObject({
    deletionPolicy: 'anonymize',
    auditValues: true,
    ledgerRetentionDays: 36_500,
  })
})

test('all that is missing or wrong is named together', () => {
  const env = {
    DELETION_POLICY: 'forget',
    AUDIT_VALUES: '1',
    LEDGER_RETENTION_DAYS: '30',
    SYNC_FIELDS: 'sessions.latest_activity',
  }
  expect(() => readWorkerConfig(env)).toThrowErrorMatchingInlineSnapshot(`
    [ConfigError: settings are missing or wrong:
      DATABASE_URL is not set. Example: DATABASE_URL=postgresql://user:password@localhost:5432/app
      DELETION_POLICY must be one of erase, anonymize, retain. Example: DELETION_POLICY=erase
      AUDIT_VALUES must be true or false. Example: AUDIT_VALUES=false
      LEDGER_RETENTION_DAYS must be a whole number of days, 90 to 36500: Svix keeps a message for 90 days and can send it again as long. Example: LEDGER_RETENTION_DAYS=90
      SYNC_FIELDS names sessions.latest_activity, but SYNC_ENTITIES leaves sessions out]
  `)
})

test.each(['0', '89', '89.9', '36501', '90d', 'forever'])(
  'a ledger can not be kept for %j days',
  (days) => {
    expect(() => readWorkerConfig({ ...complete, LEDGER_RETENTION_DAYS: days })).toThrow(
      'LEDGER_RETENTION_DAYS must be a whole number of days, 90 to 36500: Svix keeps a message for 90 days',
    )
  },
)
