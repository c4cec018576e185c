import { sign } from '@clerk-sync/events'
import type { SigningSecret } from '@clerk-sync/events'
import type { Random } from './random.ts'

/** What is written to one socket, piece by piece, and whether it is cut off before the answer. */
export interface RawRequest {
  readonly pieces: readonly string[]
  readonly hangsUp: boolean
}

const path = '/api/webhooks/clerk'
type Build = (random: Random, secret: SigningSecret) => string

const builds: readonly [Build, ...Build[]] = [
  ({ below }) => Array.from({ length: below(300) }, () => String.fromCharCode(below(256))).join(''),
  ({ pick }) =>
    pick([
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
      'GET /\r\n\r\n',
      'CONNECT x:443 HTTP/1.1\r\nhost: x\r\n\r\n',
      'OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n',
      'TRACE / HTTP/1.1\r\nhost: x\r\n\r\n',
      'GET http://x/livez HTTP/1.1\r\nhost: x\r\n\r\n',
      'GET /livez HTTP/1.0\r\n\r\n',
      'GET /livez HTTP/9.9\r\nhost: x\r\n\r\n',
      'GET /livez HTTP/1.1\r\n\r\n',
      `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`,
      'QUERY / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}',
    ]),
  ({ pick, below }) =>
    `GET ${pick(['/%', '/%zz', '//', '/../', '/livez/', '/livez?x', `/${'x'.repeat(below(30_000))}`, '/é', '/\0'])} HTTP/1.1\r\nhost: x\r\n\r\n`,
  ({ below }) => post([`x-big: ${'x'.repeat(below(40_000))}`], '{}'),
  ({ below }) =>
    post(
      Array.from({ length: below(3_000) }, (_, key) => `x-${key}: 1`),
      '{}',
    ),
  ({ pick }) =>
    post(
      [
        pick([
          'x : 1',
          'x',
          ': 1',
          'x: \0',
          'x: 1\n y: 2',
          'x: 1\r\n continued',
          'transfer-encoding: gzip',
          'expect: 100-continue',
          'expect: x',
          'host: y',
          'svix-id: a\r\nsvix-id: b',
        ]),
      ],
      '{}',
    ),
  ({ pick }) =>
    `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${pick(['-1', '+2', '1e3', '0x2', '2, 2', '2\r\ncontent-length: 3', '99999999999999999999', '2\r\ntransfer-encoding: chunked', ''])}\r\n\r\n{}`,
  (random, secret) => chunked(random, secret),
  (random, secret) => signed(secret, '{"type":"user.created","data":{}}', random.below(40) - 20),
  (random, secret) => signed(secret, `"${'x'.repeat(random.below(700_000))}"`, 0),
  ({ pick, below }, secret) =>
    pick([
      post([], '{}'),
      signed(secret, '{}', 0),
      'GET /livez HTTP/1.1\r\nhost: x\r\n\r\n',
    ]).repeat(1 + below(100)),
  ({ below }, secret) => {
    const request = signed(secret, '{"type":"user.created","data":{"id":"user_x"}}', 0)
    const at = below(request.length)
    return `${request.slice(0, at)}${String.fromCharCode(below(256))}${request.slice(at + 1)}`
  },
  ({ pick }) =>
    `${pick(['PUT', 'PATCH', 'DELETE', 'HEAD', 'GET'])} ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n{`,
]

/** Builds a request, in most cases one that is no HTTP or breaks off. Characters are bytes. */
export function buildRawRequest(random: Random, secret: SigningSecret): RawRequest {
  const { below, pick, chance } = random
  const whole = pick(builds)(random, secret)
  const text = chance(20) ? whole.slice(0, below(whole.length + 1)) : whole
  const count = chance(30) ? 1 + below(20) : 1
  const size = Math.ceil(text.length / count) || 1
  const pieces = Array.from({ length: count }, (_, piece) =>
    text.slice(piece * size, (piece + 1) * size),
  )
  return { pieces, hangsUp: chance(20) }
}

function post(headers: readonly string[], body: string): string {
  return [
    `POST ${path} HTTP/1.1`,
    'host: x',
    `content-length: ${body.length}`,
    ...headers,
    '',
    body,
  ].join('\r\n')
}

function signatureHeaders(secret: SigningSecret, body: string): string[] {
  const [id, timestamp] = ['msg_2abcdefghijkl', Math.floor(Date.now() / 1_000)]
  const signature = sign(secret, { id, timestamp, body })
  return [`svix-id: ${id}`, `svix-timestamp: ${timestamp}`, `svix-signature: ${signature}`]
}

/** `error` is by how much content-length is wrong. */
function signed(secret: SigningSecret, body: string, error: number): string {
  return [
    `POST ${path} HTTP/1.1`,
    'host: x',
    `content-length: ${Math.max(0, body.length + error)}`,
    ...signatureHeaders(secret, body),
    '',
    body,
  ].join('\r\n')
}

function chunked({ below, pick, chance }: Random, secret: SigningSecret): string {
  const body = `{"type":"user.created","data":{"id":"user_x","x":"${'x'.repeat(below(20_000))}"}}`
  const size = pick([1, 7, 1_000, 100_000])
  const chunks = body.match(new RegExp(`.{1,${size}}`, 'g')) ?? []
  const coded = chunks.map((chunk) => {
    const length = chance(1)
      ? pick(['-1', 'zz', 'ffffffffffffffff', '0x1'])
      : chunk.length.toString(16)
    return `${length}${chance(5) ? ';x=y' : ''}\r\n${chunk}\r\n`
  })
  const headers = ['host: x', 'transfer-encoding: chunked', ...signatureHeaders(secret, body)]
  const end = pick(['0\r\n\r\n', '0\r\ntrailer: x\r\n\r\n', '0\r\n', ''])
  return `POST ${path} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${coded.join('')}${end}`
}
