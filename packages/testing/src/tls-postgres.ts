import { execFile } from 'node:child_process'
import { chmod, chown, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createEmbeddedPostgres } from '@clerk-sync/embedded-postgres'

const run = promisify(execFile)

/** A PostgreSQL that speaks TLS, under a certificate of a CA of its own for `localhost`. */
export interface TlsPostgres {
  /** Without parameters. The host is `localhost`. */
  readonly url: string
  /** The CA's certificate, a file in PEM. */
  readonly caFile: string
  readonly stop: () => Promise<void>
}

/**
 * Starts an embedded one. `expired` gives it a certificate of the past; `onlyTls` refuses connections
 * without TLS.
 */
export async function createTlsPostgres({
  expired = false,
  onlyTls = false,
} = {}): Promise<TlsPostgres> {
  const dir = await mkdtemp(join(tmpdir(), 'clerk-sync-tls-postgres-'))
  // PostgreSQL runs as another user when we are root.
  await chmod(dir, 0o755)
  const file = (name: string) => join(dir, name)
  await createCertificates(file, expired)
  const dataDir = file('data')
  const settings = {
    ssl: 'on',
    ssl_cert_file: 'server.crt',
    ssl_key_file: 'server.key',
    ...(onlyTls && { hba_file: join(dataDir, 'tls_hba.conf') }),
  }
  const options = { dataDir, port: 0, password: 'test' }
  // The certificate must be in the data directory, and belong to the server's user.
  await (await createEmbeddedPostgres(options)).stop()
  for (const name of ['server.crt', 'server.key']) {
    await writeLikeData(dataDir, name, await readFile(file(name)))
  }
  await writeLikeData(dataDir, 'tls_hba.conf', 'hostssl all all 127.0.0.1/32 scram-sha-256\n')
  const server = await createEmbeddedPostgres({ ...options, settings })
  return {
    url: `postgresql://postgres:test@localhost:${server.port}/postgres`,
    caFile: file('ca.crt'),
    async stop() {
      await server.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

async function writeLikeData(dataDir: string, name: string, content: string | Buffer) {
  const path = join(dataDir, name)
  await writeFile(path, content, { mode: 0o600 })
  if (process.getuid?.() !== 0) return
  const { uid, gid } = await stat(dataDir)
  await chown(path, uid, gid)
}

async function createCertificates(file: (name: string) => string, expired: boolean) {
  const create = async (command: string) => {
    await run('openssl', command.split(' '), { cwd: file('') })
  }
  const key = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
  await create(`req -x509 ${key} -days 2 -subj /CN=an-own-CA -keyout ca.key -out ca.crt`)
  await create(`req ${key} -subj /CN=localhost -keyout server.key -out server.csr`)
  await writeFile(file('names'), 'subjectAltName=DNS:localhost\n')
  // Older releases of openssl take no start date, but an end before now.
  const days = expired ? -1 : 2
  const sign = '-CA ca.crt -CAkey ca.key -CAcreateserial -extfile names'
  await create(`x509 -req -in server.csr -out server.crt ${sign} -days ${days}`)
}
