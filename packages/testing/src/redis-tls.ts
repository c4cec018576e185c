import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { provideRedisProgram } from './redis.ts'
import { createRedisServer, redisSettings } from './redis-server.ts'
import type { RedisServer } from './redis-server.ts'
import { freePort } from './start-process.ts'

/** A Redis that speaks TLS under a certificate for localhost that nobody knows yet. */
export interface TlsRedis {
  readonly url: string
  /** The certificate, in PEM: whoever trusts it trusts the server. */
  readonly certificate: string
  /** The file that it is in. */
  readonly certificateFile: string
  /** As those of a server without TLS. */
  readonly kill: RedisServer['kill']
  readonly restart: RedisServer['restart']
  readonly stop: () => Promise<void>
}

/** Starts one. @throws Error when openssl is missing or Redis was built without TLS. */
export async function createTlsRedis(): Promise<TlsRedis> {
  const program = await provideRedisProgram()
  const dir = await mkdtemp(join(tmpdir(), 'clerk-sync-tls-'))
  const removeDir = () => rm(dir, { recursive: true, force: true })
  const certificateFile = join(dir, 'certificate.pem')
  const keyFile = join(dir, 'key.pem')
  try {
    await createCertificate(certificateFile, keyFile)
    const port = await freePort()
    const tls = {
      '--tls-port': String(port),
      '--tls-auth-clients': 'no',
      '--tls-cert-file': certificateFile,
      '--tls-key-file': keyFile,
      '--tls-ca-cert-file': certificateFile,
    }
    const settings = [...redisSettings, ...Object.entries(tls).flat()]
    const server = await createRedisServer(program, { settings })
    return {
      ...server,
      url: `rediss://localhost:${port}`,
      certificate: await readFile(certificateFile, 'utf8'),
      certificateFile,
      stop: async () => {
        await server.stop()
        await removeDir()
      },
    }
  } catch (error) {
    await removeDir()
    throw error
  }
}

async function createCertificate(certificateFile: string, keyFile: string): Promise<void> {
  const options = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const files = ['-out', certificateFile, '-keyout', keyFile]
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  await promisify(execFile)('openssl', ['req', ...options, ...files, ...names, '-days', '2'])
}
