import { createFaultProxy } from '@clerk-sync/testing'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { changed, createSettings, examine, execute, rememberEvent, saveChoice } from './scene.ts'

describe('the database', () => {
  test.each<[what: string, change: (url: URL) => void, found: RegExp, cause: string, cure: string]>(
    [
      [
        'a wrong password',
        (url) => (url.password = 'not-the-password'),
        /^password authentication failed for user "\w+"$/,
        'the server refuses the user or the password in DATABASE_URL',
        'set both right;',
      ],
      [
        'a database that is not there',
        (url) => (url.pathname = '/nowhere'),
        /^database "nowhere" does not exist$/,
        'the server has no database of the name in DATABASE_URL',
        'create it with CREATE DATABASE',
      ],
      [
        'a server that is not there',
        (url) => (url.port = '1'),
        /^connect ECONNREFUSED \S+:1$/,
        'nothing that answers is at the host and port in DATABASE_URL',
        'start PostgreSQL',
      ],
      [
        'TLS where there is none',
        (url) => url.searchParams.set('sslmode', 'verify-full'),
        /^The server does not support SSL connections$/,
        'the server answers without TLS at the host and port in DATABASE_URL',
        'sslmode=disable',
      ],
    ],
  )('%s is explained, and what needs it is skipped', async (_, change, found, cause, cure) => {
    const env = { DATABASE_URL: changed(inject('databaseUrl'), change) }
    const { resultOf } = await examine(env)
    expect(resultOf('database')).toMatchObject({
      status: 'problem',
      found: expect.stringMatching(found),
      cause: expect.stringContaining(cause),
      cure: expect.stringContaining(cure),
    })
    for (const name of ['database clock', 'tables', 'queue']) {
      expect(resultOf(name)).toMatchObject({ status: 'skipped', cause: 'it needs "database"' })
    }
    for (const name of ['failed events', 'last event']) {
      expect(resultOf(name)).toMatchObject({ status: 'skipped' })
    }
  })

  test('a silent server is a problem after the timeout', async () => {
    const { hostname, port } = new URL(inject('databaseUrl'))
    const proxy = await createFaultProxy({ host: hostname, port: Number(port) })
    onTestFinished(() => proxy.close())
    proxy.freeze()
    const url = changed(inject('databaseUrl'), (one) => {
      one.hostname = '127.0.0.1'
      one.port = String(proxy.port)
    })
    const { resultOf } = await examine({ DATABASE_URL: url }, { timeoutMs: 300 })
    expect(resultOf('database')).toMatchObject({
      status: 'problem',
      found: 'no answer within 0.3 s',
    })
  })

  test('a read-only database is a problem', async () => {
    const env = await createSettings()
    const url = env['DATABASE_URL'] ?? ''
    const name = new URL(url).pathname.slice(1)
    await execute(url, `ALTER DATABASE ${name} SET default_transaction_read_only = on`)
    const { resultOf } = await examine(env)
    expect(resultOf('database')).toMatchObject({
      status: 'problem',
      found: expect.stringMatching(/^PostgreSQL \S+ takes no writes$/),
    })
  })

  test.each([
    ['LATIN1', 'problem', 'events with letters that LATIN1 lacks are refused'],
    ['SQL_ASCII', 'warning', 'PostgreSQL takes each byte for a letter'],
  ])('the encoding %s is a %s', async (encoding, status, cause) => {
    const name = `test_${encoding.toLowerCase()}_${process.pid}`
    await execute(
      inject('databaseUrl'),
      `CREATE DATABASE ${name} ENCODING '${encoding}' LOCALE_PROVIDER libc
       LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`,
    )
    onTestFinished(() => execute(inject('databaseUrl'), `DROP DATABASE ${name} WITH (FORCE)`))
    const url = changed(inject('databaseUrl'), (one) => (one.pathname = `/${name}`))
    const { resultOf } = await examine({ DATABASE_URL: url })
    expect(resultOf('encoding')).toMatchObject({
      status,
      found: encoding,
      cause: expect.stringContaining(cause),
      cure: expect.stringContaining("ENCODING 'UTF8' TEMPLATE template0"),
    })
  })

  test('row level security that hides rows from the user is a problem, with the tables', async () => {
    const env = await createSettings()
    const url = env['DATABASE_URL'] ?? ''
    const role = `${new URL(url).pathname.slice(1)}_worker`
    await execute(
      url,
      `CREATE ROLE ${role} LOGIN PASSWORD 'x'`,
      `GRANT USAGE ON SCHEMA clerk TO ${role}`,
      `GRANT SELECT ON ALL TABLES IN SCHEMA clerk TO ${role}`,
      'ALTER TABLE clerk.users ENABLE ROW LEVEL SECURITY',
      'ALTER TABLE clerk.tombstones ENABLE ROW LEVEL SECURITY',
    )
    onTestFinished(() => execute(url, `DROP OWNED BY ${role}`, `DROP ROLE ${role}`))
    const superuser = await examine(env)
    expect(superuser.resultOf('row level security')).toMatchObject({ status: 'ok' })
    const asRole = changed(url, (one) => {
      one.username = role
      one.password = 'x'
    })
    const { resultOf } = await examine({ ...env, DATABASE_URL: asRole })
    expect(resultOf('row level security')).toMatchObject({
      status: 'problem',
      found: 'may hide rows of clerk.tombstones, clerk.users',
      cure: expect.stringContaining('BYPASSRLS'),
    })
  })

  test('pending migrations of the tables and of the queue are named, with the command', async () => {
    const env = await createSettings()
    await execute(
      env['DATABASE_URL'] ?? '',
      `DELETE FROM clerk._prisma_migrations WHERE migration_name <> '20261121000000_init'`,
      'DROP SCHEMA clerk_queue CASCADE',
    )
    const { resultOf } = await examine(env)
    expect(resultOf('tables')).toMatchObject({
      status: 'problem',
      found: expect.stringMatching(/^\d+ pending: \d{14}_\w+/),
      cause: expect.stringContaining('older than this release'),
      cure: 'run "clerk-sync migrate"',
    })
    expect(resultOf('queue')).toMatchObject({
      status: 'problem',
      found: expect.stringMatching(/^\d+ migrations pending$/),
      cure: expect.stringContaining('run "clerk-sync migrate"'),
    })
    expect(resultOf('last event')).toMatchObject({ status: 'skipped', cause: 'it needs "tables"' })
    expect(resultOf('failed events')).toMatchObject({ status: 'skipped' })
  })

  test('a field that is kept since rows were written without it is a warning, until it is filled', async () => {
    const env = await createSettings()
    const url = env['DATABASE_URL'] ?? ''
    const kept = (fields: string[]) => saveChoice(url, { entities: ['users'], fields })
    await kept([])
    const before = await examine(env)
    expect(before.resultOf('kept fields')).toMatchObject({ status: 'ok' })
    await kept(['users.phone_numbers', 'users.private_metadata'])
    const after = await examine(env)
    expect(after.resultOf('kept fields')).toMatchObject({
      status: 'warning',
      found: 'users.phone_numbers, users.private_metadata: not in all rows',
      cure: 'run "clerk-sync backfill --refill --entities users"',
    })
    await execute(url, 'DROP TABLE clerk.deployment')
    const unread = await examine(env)
    expect(unread.resultOf('kept fields')).toMatchObject({
      status: 'warning',
      cause: 'clerk.deployment could not be read',
    })
  })

  test('no event yet, or none for days, is a warning', async () => {
    const env = await createSettings()
    const none = await examine(env)
    expect(none.resultOf('last event')).toMatchObject({
      status: 'warning',
      found: 'none yet',
      cure: expect.stringContaining('clerk-sync trigger user.created'),
    })
    await execute(env['DATABASE_URL'] ?? '', rememberEvent('72 hours'))
    const old = await examine(env)
    expect(old.resultOf('last event')).toMatchObject({
      status: 'warning',
      found: 'user.updated, 3 days ago: applied',
      cause: expect.stringContaining('more than a day'),
    })
  })
})
