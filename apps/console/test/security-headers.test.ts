import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Console } from '../src/index.ts'
import { securityHeaders } from '../src/browser-security.ts'
import { authorization, createTestQueue, openConsole } from './open-console.ts'
import type { TestQueue } from './open-console.ts'

let queue: TestQueue
let board: Console

beforeAll(async () => {
  queue = await createTestQueue('redis')
  board = await openConsole(queue.location)
})
afterAll(async () => {
  await board.close()
  await queue.drop()
})

const host = 'Host: board.example.com\r\nConnection: close\r\n'
const loggedIn = `${host}Authorization: ${authorization().authorization}\r\n`

test.each([
  ['the home page', 200, `GET / HTTP/1.1\r\n${loggedIn}\r\n`],
  ['the board', 200, `GET /board HTTP/1.1\r\n${loggedIn}\r\n`],
  ['the replay page', 200, `GET /replay HTTP/1.1\r\n${loggedIn}\r\n`],
  ['no login', 401, `GET /board HTTP/1.1\r\n${host}\r\n`],
  ['half a login', 401, `GET /board HTTP/1.1\r\n${host}Authorization: Basic !\r\n\r\n`],
  ['a change from another site', 403, `POST /replay HTTP/1.1\r\n${loggedIn}Origin: null\r\n\r\n`],
  ['an unknown path', 404, `GET /nowhere HTTP/1.1\r\n${host}\r\n`],
  ['an unknown path of the board', 404, `GET /board/api/no HTTP/1.1\r\n${loggedIn}\r\n`],
  ['a method that no page has', 404, `DELETE /replay HTTP/1.1\r\n${loggedIn}\r\n`],
  ['a method of no standard', 400, `FOO / HTTP/1.1\r\n${host}\r\n`],
  ['QUERY without a type', 400, `QUERY / HTTP/1.1\r\n${host}\r\n`],
  ['a URL that can not be decoded', 400, `GET /%zz HTTP/1.1\r\n${host}\r\n`],
  ['such a URL of the board', 400, `GET /board/%E0%A4%A HTTP/1.1\r\n${loggedIn}\r\n`],
  [
    'a part of a URL that is too long',
    414,
    `GET /board/queue/${'a'.repeat(300)} HTTP/1.1\r\n${loggedIn}\r\n`,
  ],
  [
    'a body that is too large',
    413,
    `POST /replay HTTP/1.1\r\n${loggedIn}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 99999999\r\n\r\n`,
  ],
  [
    'a body of an unknown type',
    415,
    `POST /replay HTTP/1.1\r\n${loggedIn}Content-Type: text/x\r\nContent-Length: 1\r\n\r\na`,
  ],
  ['no Host', 400, 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n'],
  ['an unknown Expect', 417, `GET / HTTP/1.1\r\n${host}Expect: tea\r\n\r\n`],
  ['headers that are too long', 431, `GET / HTTP/1.1\r\n${host}X: ${'a'.repeat(20_000)}\r\n\r\n`],
  ['no HTTP', 400, 'hello\r\n\r\n'],
  [
    'two lengths',
    400,
    `POST /replay HTTP/1.1\r\n${loggedIn}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
])('the answer to %s is %i, with every security header', async (_, status, request) => {
  const socket = connect(Number(new URL(board.boardUrl).port), '127.0.0.1')
  await once(socket, 'connect')
  socket.write(request)
  const [head = ''] = (await text(socket)).split('\r\n\r\n', 1)
  const [statusLine, ...lines] = head.split('\r\n')
  expect(statusLine).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  const headers = new Headers(lines.map((line) => line.split(/: (.*)/s, 2) as [string, string]))
  expect(Object.fromEntries(headers)).toMatchObject(securityHeaders)
})
