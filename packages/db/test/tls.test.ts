import { createTlsPostgres } from '@clerk-sync/testing'
import type { TlsPostgres } from '@clerk-sync/testing'
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest'
import { createDatabase } from '../src/index.ts'
import { migrate } from '../src/migrate.ts'

let server: TlsPostgres
let onlyTls: TlsPostgres
let expired: TlsPostgres
beforeAll(async () => {
  server = await createTlsPostgres()
  onlyTls = await createTlsPostgres({ onlyTls: true })
  expired = await createTlsPostgres({ expired: true })
}, 120_000)
afterAll(() => Promise.all([server, onlyTls, expired].map((one) => one.stop())))

interface Changes {
  readonly host?: string
  readonly mode?: string
  readonly ca?: string
}

function urlOf({ url }: TlsPostgres, { host, mode, ca }: Changes): string {
  const changed = new URL(url)
  if (host !== undefined) changed.hostname = host
  if (mode !== undefined) changed.searchParams.set('sslmode', mode)
  if (ca !== undefined) changed.searchParams.set('sslrootcert', ca)
  return changed.href
}

/** Whether the session is encrypted. */
async function isEncrypted(url: string): Promise<boolean | undefined> {
  const db = createDatabase({ url, maxConnections: 1 })
  onTestFinished(() => db.close())
  return await db.transaction(async (tx) => {
    const [row] = await tx.query<{ ssl: boolean }>(
      'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
    )
    return row?.ssl
  })
}

test.each<[what: string, changes: () => Changes, encrypted: boolean]>([
  ['no sslmode', () => ({}), false],
  ['sslmode=disable', () => ({ mode: 'disable' }), false],
  ['sslmode=no-verify', () => ({ mode: 'no-verify' }), true],
  ['sslmode=require with its CA', () => ({ mode: 'require', ca: server.caFile }), true],
  ['sslmode=verify-ca with its CA', () => ({ mode: 'verify-ca', ca: server.caFile }), true],
  ['sslmode=verify-full with its CA', () => ({ mode: 'verify-full', ca: server.caFile }), true],
  ['its CA alone', () => ({ ca: server.caFile }), true],
  [
    'sslmode=verify-ca and another name',
    () => ({ mode: 'verify-ca', ca: server.caFile, host: '127.0.0.1' }),
    true,
  ],
])('connects with %s', async (_, changes, encrypted) => {
  expect(await isEncrypted(urlOf(server, changes()))).toBe(encrypted)
})

const unknownCa =
  /self-signed certificate|unable to verify the first certificate|unable to get local issuer/
const downloadIt = /is signed by a CA that is not known here: download .* sslrootcert=/

test.each<[what: string, url: () => string, reason: RegExp, advice: RegExp]>([
  ['require without its CA', () => urlOf(server, { mode: 'require' }), unknownCa, downloadIt],
  [
    'verify-full without its CA',
    () => urlOf(server, { mode: 'verify-full' }),
    unknownCa,
    downloadIt,
  ],
  [
    'verify-full with the CA of another server',
    () => urlOf(server, { mode: 'verify-full', ca: onlyTls.caFile }),
    /certificate/,
    downloadIt,
  ],
  [
    'verify-full and another name',
    () => urlOf(server, { mode: 'verify-full', ca: server.caFile, host: '127.0.0.1' }),
    /does not match certificate's altnames/,
    /is for other names than the host in DATABASE_URL: .*sslmode=verify-ca with sslrootcert/,
  ],
  [
    'an expired certificate',
    () => urlOf(expired, { mode: 'verify-full', ca: expired.caFile }),
    /certificate has expired/,
    /has expired: renew it/,
  ],
  [
    'TLS where there is none',
    () => `${inject('databaseUrl')}?sslmode=require`,
    /does not support SSL/,
    /answers without TLS .*: turn TLS on there/,
  ],
  [
    'no TLS where it is required',
    () => urlOf(onlyTls, {}),
    /no encryption/,
    /with TLS only, .*: add sslmode=verify-full to DATABASE_URL/,
  ],
])('with %s every function says the cause and the cure', async (_, urlFor, reason, advice) => {
  const url = urlFor()
  const db = createDatabase({ url, maxConnections: 1 })
  onTestFinished(() => db.close())
  for (const ask of [() => db.ping(), () => db.transaction(async () => 1), () => migrate(url)]) {
    const { message } = await ask().then(
      () => expect.fail('it connected'),
      (error: Error) => error,
    )
    expect(message).toMatch(reason)
    expect(message).toMatch(advice)
    expect(message).not.toContain('postgresql://')
  }
})

test('migrates over TLS with the CA', { timeout: 60_000 }, async () => {
  const url = urlOf(onlyTls, { mode: 'verify-full', ca: onlyTls.caFile })
  expect(await migrate(url)).not.toEqual([])
})
