import { isIPv4, isIPv6 } from 'node:net'
import type { Socket } from 'node:net'

const mostNetworks = 10_000

/** Where an attempt comes from. */
interface Sender {
  readonly ip: string
  readonly socket: Socket
}

/** Allows a number of attempts a second, of all senders together. */
export interface AttemptLimit {
  /**
   * Resolves with true when it is the sender's turn: connections without an attempt come first, then
   * the address whose last attempt was longest ago. Resolves with false when too many others wait, or
   * when the sender has left.
   */
  take(sender: Sender): Promise<boolean>
  /** Takes back an attempt that has succeeded, so that it costs nothing. */
  giveBack(sender: Sender): void
}

interface Waiting {
  readonly sender: Sender
  readonly resolve: (isTurn: boolean) => void
}

/** `burst` attempts may come at once after a time without any. */
export function createAttemptLimit(options: {
  perSecond: number
  burst: number
  mostWaiting: number
}): AttemptLimit {
  let left = options.burst
  let timer: NodeJS.Timeout | undefined
  let turns = 0
  // Many may share the address of a proxy: the connection counts first.
  const served = new WeakSet<Socket>()
  const lastTurns = new Map<string, number>()
  const waiting: Waiting[] = []

  function serve({ ip, socket }: Sender): void {
    if (lastTurns.size >= mostNetworks) lastTurns.clear()
    lastTurns.set(networkOf(ip), ++turns)
    served.add(socket)
  }

  function comesBefore({ sender: a }: Waiting, { sender: b }: Waiting): boolean {
    if (served.has(a.socket) !== served.has(b.socket)) return served.has(b.socket)
    return (lastTurns.get(networkOf(a.ip)) ?? 0) < (lastTurns.get(networkOf(b.ip)) ?? 0)
  }

  function settle(one: Waiting, isTurn: boolean): void {
    const at = waiting.indexOf(one)
    if (at < 0) return
    waiting.splice(at, 1)
    if (isTurn) serve(one.sender)
    one.resolve(isTurn)
  }

  function release(): void {
    const next = waiting.reduce<Waiting | undefined>(
      (first, one) => (first && !comesBefore(one, first) ? first : one),
      undefined,
    )
    if (next) settle(next, true)
    else left = Math.min(options.burst, left + 1)
  }

  function keepReleasing(): void {
    timer ??= setTimeout(() => {
      timer = undefined
      release()
      if (left < options.burst) keepReleasing()
    }, 1_000 / options.perSecond).unref()
  }

  return {
    async take(sender) {
      keepReleasing()
      if (left > 0) {
        left -= 1
        serve(sender)
        return true
      }
      const { promise, resolve } = Promise.withResolvers<boolean>()
      const own = { sender, resolve }
      waiting.push(own)
      if (waiting.length > options.mostWaiting) {
        const last = waiting.reduce((so, one) => (comesBefore(one, so) ? so : one))
        settle(last, false)
      }
      const leave = () => settle(own, false)
      sender.socket.once('close', leave)
      const isTurn = await promise
      sender.socket.removeListener('close', leave)
      return isTurn
    },
    giveBack(sender) {
      served.delete(sender.socket)
      lastTurns.delete(networkOf(sender.ip))
      release()
    },
  }
}

/** An IPv4 address, or the /64 of an IPv6 address, all of which one sender has. */
export function networkOf(ip: string): string {
  const address = ip.replace(/^::ffff:/, '')
  if (isIPv4(address) || !isIPv6(address)) return address
  const [head = [], tail = []] = address.split('::').map((part) => part.split(':').filter(Boolean))
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0')
  return `${[...head, ...zeros, ...tail].slice(0, 4).join(':')}::/64`
}
