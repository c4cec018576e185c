import {
  readTlsParameters,
  tlsParameters,
  TlsParameterError,
  withoutTablesSchema,
} from '@clerk-sync/ops'
import type { TlsOptions } from '@clerk-sync/ops'

/** A host with its port; an IPv6 address is without its brackets. */
export interface RedisNode {
  readonly host: string
  readonly port: number
}

export interface RedisLogin {
  readonly username: string | undefined
  readonly password: string | undefined
}

interface CommonAddress {
  readonly login: RedisLogin
  readonly hasTls: boolean
  /** How certificates are checked; without it, against all that Node.js knows. */
  readonly tls?: TlsOptions
  /** The IP version: 4 or 6, 0 for both; undefined means the client's default. */
  readonly family: number | undefined
}

/** A parsed REDIS_URL. */
export type RedisAddress = CommonAddress &
  (
    | { readonly form: 'standalone'; readonly node: RedisNode; readonly database: number }
    | { readonly form: 'cluster'; readonly nodes: readonly RedisNode[] }
    | {
        readonly form: 'sentinel'
        readonly sentinels: readonly RedisNode[]
        readonly sentinelLogin: RedisLogin
        /** The name of the primary at the sentinels. */
        readonly primary: string
        readonly database: number
      }
  )

/** What is wrong with a REDIS_URL: a message to follow the variable's name. It never quotes the URL. */
export class RedisUrlError extends Error {
  readonly code = 'ERR_REDIS_URL'
  override readonly name = 'RedisUrlError'
}

const sentinelPort = 26_379
const redisPort = 6_379

/**
 * Reads a REDIS_URL: `redis://[user:password@]host[:port][/database]` for one server, several hosts
 * or `redis+cluster://` for a cluster, `redis+sentinel://sentinel,sentinel/primary[/database]`;
 * `rediss` in place of `redis` for TLS.
 *
 * @throws {RedisUrlError}
 */
export function parseRedisUrl(url: string): RedisAddress {
  const text = withoutTablesSchema(url)
  const [, scheme = '', security = '', form, rest = ''] =
    /^((rediss?)(?:\+(cluster|sentinel))?):\/\/(.*)$/is.exec(text) ?? []
  if (scheme === '') fail('must be a redis:// or rediss:// URL (docs/redis.md has all forms)')
  const isSentinel = form?.toLowerCase() === 'sentinel'
  const parts = splitNodes(rest, scheme).map(parsePart)
  const nodes = parts.map(({ hostname, port }) => ({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || (isSentinel ? sentinelPort : redisPort)),
  }))
  const known = ['family', ...(isSentinel ? sentinelLoginNames : [])]
  const query = readQuery(parts, [...known, ...tlsParameters])
  const hasTls = security.toLowerCase() === 'rediss'
  const tls = readTls(query, hasTls)
  const common = {
    login: loginOf(parts),
    hasTls,
    ...(tls && { tls }),
    family: readFamily(query.get('family')),
  }
  const path = readPath(parts)
  if (isSentinel) return { ...common, form: 'sentinel', ...readSentinel(nodes, path, query) }
  const database = readDatabase(path)
  const [node, ...others] = nodes
  if (form === undefined && node && others.length === 0) {
    return { ...common, form: 'standalone', node, database }
  }
  if (database !== 0)
    fail('names a database, but a Redis Cluster has only database 0: leave it out')
  return { ...common, form: 'cluster', nodes }
}

function fail(problem: string): never {
  throw new RedisUrlError(problem)
}

function splitNodes(rest: string, scheme: string): string[] {
  return rest.split(',').map((part) => {
    const [, own, node] = /^([a-z+]+):\/\/(.*)$/is.exec(part) ?? []
    if (own === undefined) return part
    if (own.toLowerCase() !== scheme.toLowerCase()) {
      fail('names nodes with different schemes: give all nodes the first one, or leave it out')
    }
    return node ?? ''
  })
}

function parsePart(part: string): URL {
  const url = URL.parse(`redis://${part}`)
  if (!url || url.hostname === '' || url.port === '0' || url.hash !== '' || part.includes('#')) {
    fail(
      'must name a host and a port from 1 to 65535; @ : / ? # , % in a password are written %40 %3A %2F %3F %23 %2C %25',
    )
  }
  return url
}

function loginOf(parts: readonly URL[]): RedisLogin {
  const given = parts.filter(({ username, password }) => username !== '' || password !== '')
  const [first = { username: '', password: '' }] = given
  const isSame = (url: URL) => url.username === first.username && url.password === first.password
  if (!given.every(isSame)) fail('gives its nodes different users or passwords: all must share one')
  return { username: decode(first.username), password: decode(first.password) }
}

function decode(text: string): string | undefined {
  if (text === '') return undefined
  try {
    return decodeURIComponent(text)
  } catch {
    return fail('has a % in its user, password or path that is not part of a code such as %40')
  }
}

// The path after the hosts is for all of them: it is given once, or each host has the same.
function readPath(parts: readonly URL[]): string[] {
  const paths = [...new Set(parts.map(({ pathname }) => pathname).filter((path) => path !== ''))]
  if (paths.length > 1) fail('has several paths: give one, after the last host')
  return (paths[0] ?? '').split('/').filter((segment) => segment !== '')
}

function readQuery(parts: readonly URL[], known: readonly string[]): URLSearchParams {
  const queries = [...new Set(parts.map(({ search }) => search).filter((search) => search !== ''))]
  if (queries.length > 1) fail('has several lists of parameters: give one, at the end')
  // A plus is itself here, as it is in the password before the host.
  const query = new URLSearchParams(queries[0]?.replaceAll('+', '%2B'))
  if (![...query.keys()].every((name) => known.includes(name))) {
    fail(`has an unknown parameter after the ?; known here: ${known.join(', ')}`)
  }
  return query
}

function readTls(query: URLSearchParams, hasTls: boolean): TlsOptions | undefined {
  const given = tlsParameters.filter((name) => query.has(name))
  if (given.length === 0) return undefined
  if (!hasTls) fail(`has ${given.join(', ')}, which only rediss:// takes`)
  try {
    const tls = readTlsParameters(query)
    if (tls === false) fail('has sslmode=disable: write redis:// in place of rediss://')
    return tls
  } catch (error) {
    if (error instanceof TlsParameterError) fail(error.message)
    throw error
  }
}

function readFamily(text: string | null): number | undefined {
  if (text === null) return undefined
  if (!['0', '4', '6'].includes(text)) fail('must have 4, 6 or 0 (either) as its family')
  return Number(text)
}

function readDatabase([text = '0', ...more]: readonly string[]): number {
  if (!/^\d{1,9}$/.test(text) || more.length > 0) {
    fail('must end with the host or with the number of a database, as in redis://localhost:6379/2')
  }
  return Number(text)
}

const sentinelLoginNames = ['sentinelUsername', 'sentinelPassword'] as const

function readSentinel(
  sentinels: readonly RedisNode[],
  [name, ...more]: readonly string[],
  query: URLSearchParams,
) {
  if (name === undefined) {
    fail(
      'must name the primary as the sentinels do, as in redis+sentinel://localhost:26379/mymaster',
    )
  }
  const [username, password] = sentinelLoginNames.map((key) => query.get(key) || undefined)
  return {
    sentinels,
    sentinelLogin: { username, password },
    primary: decode(name) ?? name,
    database: readDatabase(more),
  }
}
