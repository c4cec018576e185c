import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createFaultProxy } from '../src/index.ts'
import type { FaultProxy } from '../src/index.ts'

/** Long enough for a byte to cross two local sockets many times over. */
const silenceMs = 150

let echo: Server
let proxy: FaultProxy
const clients: Socket[] = []

beforeEach(async () => {
  echo = createServer((socket) => socket.on('error', () => {}).pipe(socket))
  echo.listen(0, '127.0.0.1')
  await once(echo, 'listening')
  proxy = await createFaultProxy({ host: '127.0.0.1', port: (echo.address() as AddressInfo).port })
})

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  await proxy.close()
  echo.close()
})

async function open(): Promise<Socket> {
  const client = connect(proxy.port, '127.0.0.1')
  clients.push(client)
  await once(client, 'connect')
  return client
}

async function say(client: Socket, words: string): Promise<string> {
  client.write(words)
  return await hear(client)
}

async function hear(client: Socket): Promise<string> {
  const [reply] = (await once(client, 'data')) as [Buffer]
  return reply.toString()
}

test('passes bytes both ways', async () => {
  expect(await say(await open(), 'hello')).toBe('hello')
})

test('passes all bytes of a long answer before the end', async () => {
  const client = await open()
  const sent = 'x'.repeat(5_000_000)
  client.end(sent)
  expect((await text(client)).length).toBe(sent.length)
})

test('ends connections and refuses new ones while cut', async () => {
  const client = await open()
  await say(client, 'before')
  const closed = once(client, 'close')
  await proxy.cut()
  await closed
  await expect(open()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('listens on the same port again after a cut', async () => {
  const { port } = proxy
  await proxy.cut()
  await proxy.heal()
  expect(proxy.port).toBe(port)
  expect(await say(await open(), 'again')).toBe('again')
})

test('passes nothing while frozen and delivers it when healed', async () => {
  const client = await open()
  await say(client, 'before')
  proxy.freeze()
  const late = await open()
  client.write('held')
  late.write('new and held')
  const replies = Promise.all([hear(client), hear(late)])
  expect(await Promise.race([replies, sleep(silenceMs, 'silence')])).toBe('silence')
  await proxy.heal()
  expect(await replies).toEqual(['held', 'new and held'])
})

test('can cut what is frozen', async () => {
  const client = await open()
  await say(client, 'before')
  proxy.freeze()
  const closed = once(client, 'close')
  await proxy.cut()
  await closed
  await proxy.heal()
  expect(await say(await open(), 'again')).toBe('again')
})

test('ends a connection whose server is gone', async () => {
  const { port } = echo.address() as AddressInfo
  echo.close()
  const lost = await createFaultProxy({ host: '127.0.0.1', port })
  const client = connect(lost.port, '127.0.0.1')
  expect(await once(client, 'close')).toEqual([false])
  await lost.close()
})

test('bytes come late and in order while delayed', async () => {
  const client = await open()
  await say(client, 'before')
  proxy.delay(silenceMs)
  const sentAt = performance.now()
  client.write('1')
  await sleep(1)
  client.write('2')
  let heard = ''
  while (heard.length < 2) heard += await hear(client)
  expect(heard).toBe('12')
  // There and back.
  expect(performance.now() - sentAt).toBeGreaterThan(2 * silenceMs - 20)
  await proxy.heal()
  expect(await say(client, 'after')).toBe('after')
})

test('a forgotten connection stays silent also when healed, and a new one works', async () => {
  const client = await open()
  await say(client, 'before')
  proxy.forget()
  expect(await say(await open(), 'new')).toBe('new')
  await proxy.heal()
  client.write('lost')
  expect(await Promise.race([hear(client), sleep(silenceMs, 'silence')])).toBe('silence')
})

test('closes the connections of now and accepts new ones when dropped', async () => {
  const client = await open()
  await say(client, 'before')
  proxy.drop()
  await once(client, 'close')
  expect(await say(await open(), 'new')).toBe('new')
})
