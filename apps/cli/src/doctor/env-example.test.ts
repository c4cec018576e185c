import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { consoleVariables, readConsoleConfig } from '@clerk-sync/console'
import { createSigningSecret, entities } from '@clerk-sync/events'
import { ingestVariables, readIngestConfig } from '@clerk-sync/ingest'
import { readConfig } from '@clerk-sync/ops'
import { tracingVariables } from '@clerk-sync/ops/process'
import { readWorkerConfig, workerVariables } from '@clerk-sync/worker'
import { expect, test } from 'vitest'
import { migrateVariables } from '../migrate/migrate.ts'
import { readStartConfig } from '../start/start-config.ts'
import { cliVariables } from './settings-checks.ts'

const text = readFileSync(new URL('../../../../.env.example', import.meta.url), 'utf8')
const example = parseEnv(text)
const processes = {
  ingest: { ...ingestVariables, ...tracingVariables },
  worker: { ...workerVariables, ...tracingVariables },
  console: { ...consoleVariables, ...tracingVariables },
}
const variables = {
  ...processes.ingest,
  ...processes.worker,
  ...processes.console,
  ...migrateVariables,
  ...cliVariables,
}

/** What a deployment must fill in. */
const required = {
  CLERK_WEBHOOK_SIGNING_SECRET: createSigningSecret(),
  DATABASE_URL: 'postgresql://clerk_sync@db.internal/app',
}

/** One of the two ways to log in to the board. */
const login = { BOARD_USER: 'admin', BOARD_PASSWORD: 'twelve or more' }

test('.env.example names exactly the variables that the processes read, each once', () => {
  const named = [...text.matchAll(/^#? ?([A-Z_]+)=/gm)].map(([, name = '']) => name)
  expect(named.toSorted()).toEqual(Object.keys(variables).toSorted())
})

// Start has another default than the processes.
const withDefault = Object.entries(variables).filter(([name]) => name !== 'HOST')

test.each(withDefault)('%s is shown with its default', (name, schema) => {
  const shown = example[name] || undefined
  const byDefault: unknown = schema.safeParse(undefined).data
  expect(schema.safeParse(shown).data).toEqual(byDefault)
  expect(shown === undefined).toBe(byDefault === undefined)
})

test.each(Object.keys(variables))('the line above %s says who reads it, and what it is', (name) => {
  const [, who] = new RegExp(`\\n\\n# ([a-z, ]+): .{10,}\\n${name}=`).exec(text) ?? []
  const inAll = Object.values(processes).every((read) => name in read)
  const readers = Object.entries({ ...processes, cli: cliVariables }).flatMap(([reader, read]) =>
    name in read ? [reader] : [],
  )
  const isRequired = name in required ? ', required' : ''
  expect(who).toBe(`${inAll ? 'all' : readers.join(', ')}${isRequired}`)
})

test('every process accepts the file once the required values are filled in', () => {
  const env = { ...example, ...required, ...login }
  expect(readIngestConfig(env).queue.kind).toBe('postgres')
  expect(readWorkerConfig(env).queue.kind).toBe('postgres')
  expect(readConsoleConfig(env).queue.kind).toBe('postgres')
  expect(readConfig(migrateVariables, env).DATABASE_URL).toBe(required.DATABASE_URL)
  expect(readConfig(cliVariables, env).CLERK_SECRET_KEY).toBeUndefined()
})

test.each<[name: string, read: (env: NodeJS.ProcessEnv) => unknown]>([
  ['CLERK_WEBHOOK_SIGNING_SECRET', readIngestConfig],
  ['DATABASE_URL', readWorkerConfig],
  ['BOARD_USER', readConsoleConfig],
  ['BOARD_PASSWORD', readConsoleConfig],
])('without %s the process that needs it refuses the file', (name, read) => {
  expect(() => read({ ...example, ...required, ...login, [name]: '' })).toThrow(
    `${name} is not set`,
  )
})

test('start accepts an unchanged copy of the file', () => {
  const secrets = {
    databasePassword: 'generated',
    signingSecret: createSigningSecret(),
    boardPassword: 'generated and long',
  }
  const { ingest, worker, console } = readStartConfig(example, secrets, 'postgresql://embedded')
  expect([ingest.PORT, worker.OPS_PORT, console.BOARD_PORT]).toEqual([3000, 9464, 3001])
  expect([ingest.HOST, worker.HOST, console.HOST]).toEqual(Array(3).fill('127.0.0.1'))
  expect(
    [readIngestConfig, readWorkerConfig].map((read) => read({ ...example, ...required }).HOST),
  ).toEqual(Array(2).fill('0.0.0.0'))
  expect(console.login).toEqual({ kind: 'password', user: 'admin', password: 'generated and long' })
})

test('it says what is left out unless SYNC_ENTITIES names it', () => {
  const optional = entities.filter((entity) => entity.optional).map(({ table }) => table)
  expect(text).toContain(`empty: all but ${optional.join(', ')}.\nSYNC_ENTITIES=`)
})

test('there is no secret in the file', () => {
  for (const name of Object.keys({ ...required, ...login })) expect(example[name]).toBe('')
  expect(text).not.toMatch(/whsec_\w|sk_(test|live)_|:\/\/\w+:/)
})
