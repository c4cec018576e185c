import { expect, test } from 'vitest'
import { createSettings, examine, execute, rememberEvent, runIngest } from './scene.ts'

test('a deployment in which everything is fine has a line for each check and nothing else', async () => {
  const env = await createSettings()
  await execute(env['DATABASE_URL'] ?? '', rememberEvent('3 minutes'))
  const endpoint = await runIngest(env)
  const { text } = await examine(env, { endpoint })
  expect(text.split('\n')).toEqual([
    'test',
    '',
    'ok       settings of ingest        complete',
    'ok       settings of worker        complete',
    'ok       settings of console       complete',
    'ok       settings of the commands  complete',
    expect.stringMatching(/^ok {7}database {18}PostgreSQL \d[\d.]* answers$/),
    'ok       database clock            within a second of the database',
    'ok       tables                    up to date',
    'ok       encoding                  UTF8',
    'ok       row level security        hides no row from this role',
    'ok       queue                     in PostgreSQL, tables up to date',
    'ok       failed events             none',
    'ok       waiting events            none',
    expect.stringMatching(/^ok {7}Clerk's API {15}127\.0\.0\.1:\d+ answers$/),
    'ok       clock                     within a second of Clerk',
    'ok       secret key                accepted, development',
    'ok       instance                  ins_test, as in CLERK_INSTANCE_ID',
    `ok       endpoint                  ingest answers at ${endpoint}`,
    'ok       kept fields               filled in all rows',
    'ok       last event                user.updated, 3 min ago: applied',
    '',
    '0 problems, 0 warnings, 19 ok, 0 skipped',
    '',
  ])
})

test('settings are reported as the processes report them, all at once', async () => {
  const { resultOf } = await examine({
    PORT: 'http',
    REDIS_URL: 'localhost',
    BATCH_SIZE: '0',
    CLERK_SECRET_KEY: 'pk_test_public',
    CLERK_API_URL: 'api.clerk.com',
  })
  expect(resultOf('settings of ingest')).toEqual({
    name: 'settings of ingest',
    status: 'problem',
    found: '3 problems',
    cause: [
      expect.stringMatching(/^CLERK_WEBHOOK_SIGNING_SECRET is not set\. Example: /),
      'REDIS_URL must be a redis:// or rediss:// URL (docs/redis.md has all forms). Example: REDIS_URL=redis://localhost:6379',
      'PORT must be a port. Example: PORT=3000',
    ],
    cure: 'set it right in the environment of ingest or in .env; .env.example explains each',
  })
  expect(resultOf('settings of worker')).toMatchObject({
    status: 'problem',
    cause: expect.arrayContaining([
      'BATCH_SIZE must be a whole number, 1 to 1000. Example: BATCH_SIZE=200',
    ]),
  })
  expect(resultOf('settings of console')).toMatchObject({ status: 'problem' })
  expect(resultOf('settings of the commands')).toMatchObject({
    cause: [
      expect.stringContaining('CLERK_SECRET_KEY must be a secret key of Clerk, sk_test_… or sk_'),
      expect.stringContaining('CLERK_API_URL must be an https:// URL'),
    ],
  })
  for (const name of ['database', 'queue', "Clerk's API", 'endpoint', 'last event']) {
    expect(resultOf(name)).toMatchObject({ status: 'skipped', cure: expect.stringMatching(/./) })
  }
})
