import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { Transform } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

/** A TCP proxy on 127.0.0.1 between a client and the server whose failure a test plays. */
export interface FaultProxy {
  port: number
  /** A crashed server: all connections end, new ones are refused. */
  cut(): Promise<void>
  /** A silent network: connections stay and new ones are accepted, but no byte passes. */
  freeze(): void
  /** A NAT or firewall that forgot: the connections of now are silent for ever, new ones work. */
  forget(): void
  /** A server that closes the connections of now, and accepts new ones. */
  drop(): void
  /** A far or slow network: every byte is so many milliseconds late, in each direction. */
  delay(ms: number): void
  /** Ends a cut, a freeze or a delay, on the same port; bytes held by a freeze are delivered. */
  heal(): Promise<void>
  close(): Promise<void>
}

interface Pair {
  readonly client: Socket
  readonly upstream: Socket
  readonly there: Transform
  readonly back: Transform
}

/** Starts a proxy to target on a free port. */
export async function createFaultProxy(target: {
  host: string
  port: number
}): Promise<FaultProxy> {
  const pairs = new Set<Pair>()
  const forgotten = new Set<Pair>()
  let frozen = false
  let delayMs = 0
  const delayed = () => createDelay(() => delayMs)
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    const upstream = connect({ ...target, allowHalfOpen: true })
    const pair = { client, upstream, there: delayed(), back: delayed() }
    pairs.add(pair)
    endTogether(pair, () => {
      pairs.delete(pair)
      forgotten.delete(pair)
    })
    pair.there.pipe(upstream)
    pair.back.pipe(client)
    if (!frozen) pass(pair)
  })

  async function listen(port: number): Promise<void> {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  async function cut(): Promise<void> {
    const closed = server.listening ? once(server, 'close') : undefined
    server.close()
    drop()
    for (const pair of forgotten) destroy(pair)
    await closed
  }
  function drop(): void {
    for (const pair of pairs) destroy(pair)
  }

  await listen(0)
  const { port } = server.address() as AddressInfo
  return {
    port,
    cut,
    freeze: () => {
      frozen = true
      for (const pair of pairs) hold(pair)
    },
    forget: () => {
      for (const pair of pairs) {
        hold(pair)
        pairs.delete(pair)
        forgotten.add(pair)
      }
    },
    drop,
    delay: (ms) => {
      delayMs = ms
    },
    heal: async () => {
      delayMs = 0
      if (frozen) for (const pair of pairs) pass(pair)
      frozen = false
      if (!server.listening) await listen(port)
    },
    close: cut,
  }
}

// Chunks leave in the order in which they came, also when the delay changes.
function createDelay(readDelayMs: () => number): Transform {
  let before: Promise<unknown> = Promise.resolve()
  let waiting = 0
  const stream = new Transform({
    transform(chunk: Buffer, _, done) {
      const ms = readDelayMs()
      if (ms === 0 && waiting === 0) stream.push(chunk)
      else before = pushLate(chunk, Promise.all([before, sleep(ms)]))
      done()
    },
    async flush(done) {
      await before
      done()
    },
  })
  async function pushLate(chunk: Buffer, due: Promise<unknown>): Promise<void> {
    waiting += 1
    await due
    waiting -= 1
    if (!stream.destroyed) stream.push(chunk)
  }
  return stream
}

function pass({ client, upstream, there, back }: Pair): void {
  client.pipe(there)
  upstream.pipe(back)
}

// Unread bytes wait in the sockets' buffers, as they would in a network that is down.
function hold({ client, upstream, there, back }: Pair): void {
  client.unpipe(there).pause()
  upstream.unpipe(back).pause()
}

function destroy({ client, upstream }: Pair): void {
  client.destroy()
  upstream.destroy()
}

function endTogether({ client, upstream }: Pair, onEnd: () => void): void {
  for (const [socket, peer] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    socket.on('error', () => peer.destroy())
    // Not destroy(): the peer may still be sending what this side wrote last.
    socket.on('close', () => {
      peer.end()
      onEnd()
    })
  }
}
