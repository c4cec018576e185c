import { readFileSync } from 'node:fs'

/** How the certificate of a server is checked, as `tls.connect` takes it. */
export interface TlsOptions {
  readonly rejectUnauthorized?: boolean
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly checkServerIdentity?: () => undefined
}

/** The parameters of a URL that are about TLS, with the names that PostgreSQL's libpq gives them. */
export const tlsParameters = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey'] as const

// prefer and allow would be no protection: whoever is in between just answers without TLS.
const verifying = ['verify-full', 'require', 'prefer', 'allow']
const modes = ['disable', 'no-verify', 'verify-ca', ...verifying]

/** A wrong parameter: a message to follow the variable's name. It quotes neither the URL nor a path. */
export class TlsParameterError extends Error {
  readonly code = 'ERR_TLS_PARAMETER'
  override readonly name = 'TlsParameterError'
}

/**
 * Reads the parameters of a URL that are about TLS. Without `sslmode` the result is undefined, unless a
 * file is given. `require` checks all that `verify-full` does, which is more than libpq: the CA and the
 * name of the host. `verify-ca` checks the CA alone, `no-verify` nothing.
 *
 * @throws {TlsParameterError}
 */
export function readTlsParameters(query: URLSearchParams): TlsOptions | false | undefined {
  const mode = query.get('sslmode') ?? undefined
  const files = readFiles(query)
  if (mode === undefined) return Object.keys(files).length > 0 ? files : undefined
  if (!modes.includes(mode)) {
    throw new TlsParameterError(`has an unknown sslmode; known are ${modes.join(', ')}`)
  }
  if (mode === 'disable') return false
  if (mode === 'no-verify') return { ...files, rejectUnauthorized: false }
  if (mode !== 'verify-ca') return files
  if (files.ca === undefined) {
    // Every public CA signs for anybody, so that without the name nothing would be checked.
    throw new TlsParameterError('has sslmode=verify-ca, which needs a file in sslrootcert')
  }
  return { ...files, checkServerIdentity: () => undefined }
}

function readFiles(query: URLSearchParams): TlsOptions {
  const root = query.get('sslrootcert')
  // "system" is libpq's word for the CAs that the machine knows.
  const ca = root === 'system' ? undefined : readPem(root, 'sslrootcert', 'CERTIFICATE')
  const cert = readPem(query.get('sslcert'), 'sslcert', 'CERTIFICATE')
  const key = readPem(query.get('sslkey'), 'sslkey', 'PRIVATE KEY')
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
}

function readPem(path: string | null, name: string, what: string): string | undefined {
  if (path === null || path === '') return undefined
  const text = readText(path, name)
  if (new RegExp(`-----BEGIN [A-Z ]*${what}-----`).test(text)) return text
  throw new TlsParameterError(`names a file in ${name} that has no "BEGIN ${what}" (PEM) in it`)
}

function readText(path: string, name: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    throw new TlsParameterError(`names a file in ${name} that can't be read here (${code})`)
  }
}

/** Why a connection failed, and what to do. */
export interface ConnectionAdvice {
  readonly cause: string
  readonly cure: string
}

/**
 * Explains an error of TLS, by its message; undefined for any other error. `variable` is the one that
 * holds the URL.
 */
export function explainTls(message: string, variable: string): ConnectionAdvice | undefined {
  const [, explain] = explanations.find(([pattern]) => pattern.test(message)) ?? []
  return explain?.(variable)
}

const explanations: [pattern: RegExp, explain: (variable: string) => ConnectionAdvice][] = [
  [
    /certificate has expired/i,
    (variable) => ({
      cause: `the certificate of the server, or the CA's in sslrootcert of ${variable}, has expired`,
      cure: 'renew it on the server, or download the current CA certificate (docs/tls.md)',
    }),
  ],
  [
    /certificate is not yet valid/i,
    () => ({
      cause:
        'the certificate of the server is not valid yet, or the clock of this machine is wrong',
      cure: 'let NTP set the clock, or wait until the certificate is valid',
    }),
  ],
  [
    /does not match certificate's altnames|altname/i,
    (variable) => ({
      cause: `the certificate of the server is for other names than the host in ${variable}`,
      cure: 'set the host to a name in the certificate, or check the CA alone: sslmode=verify-ca with sslrootcert',
    }),
  ],
  [
    /self-signed certificate|unable to (get|verify)|issuer certificate|CERT_UNTRUSTED/i,
    (variable) => ({
      cause: 'the certificate of the server is signed by a CA that is not known here',
      cure: `download the CA certificate of whoever runs the server, and add sslrootcert=/path/to/ca.pem to ${variable}; if there is none, sslmode=no-verify (docs/tls.md)`,
    }),
  ],
  [
    /does not support SSL|wrong version number|packet length too long/i,
    (variable) => ({
      cause: `the server answers without TLS at the host and port in ${variable}`,
      cure: withoutTls(variable),
    }),
  ],
  [
    /no encryption|SSL off|SSL (connection )?(is )?required|connection is insecure/i,
    (variable) => ({
      cause:
        'the server takes this user and database with TLS only, or from this address not at all',
      cure: `add sslmode=verify-full to ${variable}, and sslrootcert where the CA is the provider's own (docs/tls.md)`,
    }),
  ],
  [
    /\b(SSL|TLS)\b(?! encryption| on)|certificate|tlsv1|ERR_SSL/i,
    (variable) => ({
      cause: `this machine and the server in ${variable} do not agree about TLS`,
      cure: 'docs/tls.md lists the settings of each provider',
    }),
  ],
]

function withoutTls(variable: string): string {
  return variable === 'REDIS_URL'
    ? 'write redis:// in place of rediss://, or set the port that has TLS'
    : 'turn TLS on there; only in a network that you trust set sslmode=disable'
}
