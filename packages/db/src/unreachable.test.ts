import dns from 'node:dns'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createDatabase } from './database.ts'
import { DatabaseUnavailableError } from './database-error.ts'
import { migrate, MigrationError } from './migrate.ts'

/** A name with several addresses, as localhost has on most machines, where nothing listens. */
function urlOfTwoAddresses(): string {
  const addresses = [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ]
  const lookup = vi
    .spyOn(dns, 'lookup')
    .mockImplementation(((
      _host: string,
      _options: dns.LookupAllOptions,
      done: (error: null, found: dns.LookupAddress[]) => void,
    ) => done(null, addresses)) as unknown as typeof dns.lookup)
  onTestFinished(() => lookup.mockRestore())
  return 'postgresql://two-addresses.test:1/app'
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  )
}

test.each([
  ['one address', () => 'postgresql://127.0.0.1:1/app'],
  ['several addresses', urlOfTwoAddresses],
])(
  'a server that refuses connections at %s is unavailable for every function',
  async (_, urlOf) => {
    const db = createDatabase({ url: urlOf(), maxConnections: 1 })
    onTestFinished(() => db.close())
    const write = () => db.transaction((tx) => tx.execute('SELECT 1'))
    for (const ask of [() => db.ping(), write]) {
      const error = await failureOf(ask())
      expect(error).toBeInstanceOf(DatabaseUnavailableError)
      expect((error as Error).message).toMatch(
        /^the database can't be reached: .*(127\.0\.0\.1:1|ECONNREFUSED)/,
      )
    }
  },
)

test.each([
  ['one address', () => 'postgresql://127.0.0.1:1/app'],
  ['several addresses', urlOfTwoAddresses],
])('migrating says why when the server refuses connections at %s', async (_, urlOf) => {
  const error = await failureOf(migrate(urlOf()))
  expect(error).toBeInstanceOf(MigrationError)
  expect((error as Error).message).toContain('connect ECONNREFUSED 127.0.0.1:1')
})
