import { createServer, connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { createTestDatabase } from '@clerk-sync/testing'
import { Client } from 'pg'
import { expect, inject, onTestFinished, test, vi } from 'vitest'
import { checkQueue, locateQueue, migrateQueue, openQueue } from '../src/index.ts'
import { buildEvent, openConsumer, openProducer, untilDone } from './open-ends.ts'

// What a client sends at its end, and what a server sends when a session may begin, and when an
// administrator ends it.
const terminate = Buffer.from('X\0\0\0\x04')
const ready = Buffer.from('Z\0\0\0\x05I')
const terminated = errorResponse([
  'SFATAL',
  'VFATAL',
  'C57P01',
  'Mterminating connection due to administrator command',
])

function errorResponse(fields: readonly string[]): Buffer {
  const body = Buffer.from(`${fields.join('\0')}\0\0`)
  const head = Buffer.from('E\0\0\0\0')
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

/**
 * A queue in PostgreSQL behind a proxy that can end each session in the packet that says that it is ready,
 * and after the client has ended it.
 */
async function openQueueBehindProxy() {
  const database = await createTestDatabase(inject('databaseUrl'))
  onTestFinished(() => database.drop())
  const direct = locateQueue({ redisUrl: undefined, databaseUrl: database.url })
  await migrateQueue(direct)
  const admin = new Client({ connectionString: database.url })
  await admin.connect()
  onTestFinished(() => admin.end())

  const { hostname: host, port } = new URL(database.url)
  const sockets = new Set<Socket>()
  const state = { endsSessions: false, ended: 0 }
  const proxy = createServer((client) => {
    const server = connect({ host, port: Number(port) })
    for (const [socket, peer] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => peer.destroy())
    }
    client.on('data', (chunk: Buffer) => {
      if (state.endsSessions && chunk.equals(terminate)) client.write(terminated)
      server.write(chunk)
    })
    server.on('data', (chunk: Buffer) => {
      const isEnded = state.endsSessions && chunk.subarray(-ready.length).equals(ready)
      if (isEnded) state.ended += 1
      client.write(isEnded ? Buffer.concat([chunk, terminated]) : chunk)
      if (isEnded) client.end()
    })
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    proxy.close()
    for (const socket of sockets) socket.destroy()
  })
  const proxied = new URL(database.url)
  proxied.host = `127.0.0.1:${(proxy.address() as AddressInfo).port}`
  return {
    admin,
    direct,
    state,
    behindProxy: locateQueue({ redisUrl: undefined, databaseUrl: proxied.href }),
  }
}

const listening = `FROM pg_stat_activity
  WHERE datname = current_database() AND query LIKE '%LISTEN bullmq_jobs%' AND pid <> pg_backend_pid()`

test('a worker goes on when the server ends its session in the first moment, and stops when it does in the last', async () => {
  const { admin, behindProxy, direct, state } = await openQueueBehindProxy()
  const runs = openConsumer(behindProxy)
  const { enqueue } = openProducer(direct)
  const untilListening = () =>
    vi.waitFor(async () => {
      expect((await admin.query(`SELECT 1 ${listening}`)).rowCount).toBe(1)
    }, 10_000)
  await untilListening()
  state.endsSessions = true
  await admin.query(`SELECT pg_terminate_backend(pid) ${listening}`)
  await expect.poll(() => state.ended, { timeout: 10_000 }).toBeGreaterThan(1)
  state.endsSessions = false
  await untilListening()
  const event = buildEvent()
  await enqueue(event)
  await untilDone(runs, [event])
  state.endsSessions = true
  await runs.close()
})

test('a queue and a worker open although the server ends their first sessions', async () => {
  const { behindProxy, direct, state } = await openQueueBehindProxy()
  state.endsSessions = true
  const opened = openQueue(behindProxy, { onError: () => undefined })
  onTestFinished(() => opened.close())
  const runs = openConsumer(behindProxy)
  await expect(checkQueue(opened)).rejects.toThrow('connection')
  await expect.poll(() => state.ended, { timeout: 10_000 }).toBeGreaterThan(5)
  state.endsSessions = false
  await vi.waitFor(() => checkQueue(opened), 10_000)
  const event = buildEvent()
  await openProducer(direct).enqueue(event)
  await untilDone(runs, [event])
})
