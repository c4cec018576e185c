import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { postgresUrl, readConfig } from './config.ts'
import { explainPostgres, postgresConnection } from './postgres-connection.ts'

const dir = mkdtempSync(join(tmpdir(), 'clerk-sync-tls-'))
afterAll(() => rmSync(dir, { recursive: true }))
const pem = '-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n'
const caFile = join(dir, 'ca.pem')
writeFileSync(caFile, pem)
const emptyFile = join(dir, 'empty.pem')
writeFileSync(emptyFile, '')

const base = 'postgresql://ada:p%40ss@db.example.com/app'

test.each([
  ['', undefined],
  ['?sslmode=disable', false],
  ['?sslmode=no-verify', { rejectUnauthorized: false }],
  ['?sslmode=require', {}],
  ['?sslmode=prefer', {}],
  ['?sslmode=verify-full&sslrootcert=system', {}],
  [`?sslmode=require&sslrootcert=${caFile}`, { ca: pem }],
  [`?sslrootcert=${caFile}`, { ca: pem }],
  [
    `?sslmode=verify-ca&sslrootcert=${caFile}`,
    { ca: pem, checkServerIdentity: expect.any(Function) },
  ],
])('%s is read', (query, ssl) => {
  expect(postgresConnection(`${base}${query}`).ssl).toEqual(ssl)
})

test('all other parameters stay', () => {
  expect(
    postgresConnection(`${base}?pgbouncer=true&sslmode=require&sslnegotiation=direct`),
  ).toEqual({ connectionString: `${base}?pgbouncer=true`, ssl: {}, sslnegotiation: 'direct' })
  const compatible = `${base}?uselibpqcompat=true&sslmode=require`
  expect(postgresConnection(compatible)).toEqual({ connectionString: compatible })
})

test.each([
  [
    'sslmode=verify',
    'has an unknown sslmode; known are disable, no-verify, verify-ca, verify-full,',
  ],
  ['sslmode=verify-ca', 'has sslmode=verify-ca, which needs a file in sslrootcert'],
  ['sslrootcert=/nowhere/ca.pem', "names a file in sslrootcert that can't be read here (ENOENT)"],
  [`sslrootcert=${emptyFile}`, 'names a file in sslrootcert that has no "BEGIN CERTIFICATE" (PEM)'],
])('a process that is given %s does not start, and says why', (query, problem) => {
  const read = () => readConfig({ DATABASE_URL: postgresUrl }, { DATABASE_URL: `${base}?${query}` })
  expect(read).toThrow(`DATABASE_URL ${problem}`)
  expect(read).not.toThrow(/p%40ss|nowhere/)
})

test.each([
  [
    'no pg_hba.conf entry for host "1.2.3.4", user "a", database "b", no encryption',
    '28000',
    'TLS only',
  ],
  [
    'no pg_hba.conf entry for host "1.2.3.4", user "a", database "b", SSL encryption',
    '28000',
    'user',
  ],
  ['password authentication failed for user "a"', '28P01', 'the user or the password'],
  ['connect ECONNREFUSED 127.0.0.1:5432', undefined, 'no advice'],
])('%s is explained', (message, sqlState, cause) => {
  expect(explainPostgres(message, sqlState)?.cause ?? 'no advice').toContain(cause)
})
