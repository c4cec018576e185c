import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** A TCP proxy on 127.0.0.1 between a client and the server whose failure a test plays. */
export interface FaultProxy {
  port: number
  /** A crashed server: all connections end, new ones are refused. */
  cut(): Promise<void>
  /** A silent network: connections stay and new ones are accepted, but no byte passes. */
  freeze(): void
  /** Ends a cut or a freeze, on the same port; bytes held by a freeze are delivered. */
  heal(): Promise<void>
  close(): Promise<void>
}

type Pair = [client: Socket, upstream: Socket]

/** Starts a proxy to target on a free port. */
export async function createFaultProxy(target: {
  host: string
  port: number
}): Promise<FaultProxy> {
  const pairs = new Set<Pair>()
  let frozen = false
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    const upstream = connect({ ...target, allowHalfOpen: true })
    const pair: Pair = [client, upstream]
    pairs.add(pair)
    endTogether(pair, () => pairs.delete(pair))
    if (!frozen) pass(pair)
  })

  async function listen(port: number): Promise<void> {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  async function cut(): Promise<void> {
    const closed = server.listening ? once(server, 'close') : undefined
    server.close()
    for (const socket of [...pairs].flat()) socket.destroy()
    await closed
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
    heal: async () => {
      frozen = false
      for (const pair of pairs) pass(pair)
      if (!server.listening) await listen(port)
    },
    close: cut,
  }
}

function pass([client, upstream]: Pair): void {
  client.pipe(upstream)
  upstream.pipe(client)
}

// Unread bytes wait in the sockets' buffers, as they would in a network that is down.
function hold([client, upstream]: Pair): void {
  client.unpipe(upstream).pause()
  upstream.unpipe(client).pause()
}

function endTogether([client, upstream]: Pair, onEnd: () => void): void {
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
