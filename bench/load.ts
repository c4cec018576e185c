import { connect } from 'node:net'
import type { Socket } from 'node:net'

// Node.js' own HTTP client costs about as much CPU as ingest: on two cores it would be what is measured.
const answerHead = /^HTTP\/1\.1 (\d+)[\s\S]*?\r\ncontent-length: (\d+)\r\n[\s\S]*?\r\n\r\n/i
const answerInChunks =
  /^HTTP\/1\.1 (\d+)[\s\S]*?\r\ntransfer-encoding: chunked\r\n[\s\S]*\r\n0\r\n\r\n$/i
const mostSockets = 512
const connections = 64

interface Connection {
  /** Sends a request and resolves with the status of its answer. */
  send(request: Buffer): Promise<number>
  close(): void
}

/** A measured answer: milliseconds since the request was due. */
export interface Answered {
  readonly status: number
  readonly milliseconds: number
}

/** Sends requests over 64 connections, each as soon as the one before is answered. */
export async function sendClosedLoop(
  url: string,
  requests: Iterable<Buffer>,
  signal: AbortSignal,
): Promise<Answered[]> {
  const waiting = requests[Symbol.iterator]()
  const answered: Answered[] = []
  async function sendNext(): Promise<void> {
    const connection = await open(url)
    try {
      for (let next = waiting.next(); !next.done; next = waiting.next()) {
        signal.throwIfAborted()
        const dueAt = performance.now()
        const status = await connection.send(next.value)
        answered.push({ status, milliseconds: performance.now() - dueAt })
      }
    } finally {
      connection.close()
    }
  }
  await Promise.all(Array.from({ length: connections }, sendNext))
  return answered
}

/**
 * Sends requests on a schedule that does not wait for answers. Times count from when a request was
 * due, so that a slow server can't hide behind a sender that waits for it.
 */
export async function sendOpenLoop(
  url: string,
  requests: readonly Buffer[],
  { perSecond, onDue, signal }: OpenLoop,
): Promise<Answered[]> {
  const free: Connection[] = []
  const all: Connection[] = []
  const startedAt = performance.now() + 50
  try {
    const pending: Promise<Answered>[] = []
    while (pending.length < requests.length) {
      signal.throwIfAborted()
      const due = Math.floor(((performance.now() - startedAt) / 1_000) * perSecond) + 1
      while (pending.length < Math.min(due, requests.length)) {
        const index = pending.length
        const dueAt = startedAt + (index * 1_000) / perSecond
        onDue(index, performance.timeOrigin + dueAt)
        pending.push(sendOne(requests[index] as Buffer, dueAt))
      }
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    return await Promise.all(pending)
  } finally {
    for (const connection of all) connection.close()
  }

  async function sendOne(request: Buffer, dueAt: number): Promise<Answered> {
    const connection = free.pop() ?? (await openAnother())
    const status = await connection.send(request)
    free.push(connection)
    return { status, milliseconds: performance.now() - dueAt }
  }

  async function openAnother(): Promise<Connection> {
    if (all.length >= mostSockets) throw new Error(`more than ${mostSockets} requests are waiting`)
    const connection = await open(url)
    all.push(connection)
    return connection
  }
}

interface OpenLoop {
  readonly perSecond: number
  /** Called with the index of a request and the time when it is due, in milliseconds since 1970. */
  readonly onDue: (index: number, dueAt: number) => void
  readonly signal: AbortSignal
}

async function open(url: string): Promise<Connection> {
  const { hostname, port } = new URL(url)
  const opened = Promise.withResolvers<undefined>()
  const socket: Socket = connect(Number(port), hostname, () => opened.resolve(undefined))
  socket.setNoDelay(true)
  let answer: PromiseWithResolvers<number> | undefined
  let text = ''
  socket.setEncoding('latin1')
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the server closed the connection')))
  socket.on('data', (chunk: string) => {
    text += chunk
    const [head, statusOfWhole, length] = answerHead.exec(text) ?? []
    const isWhole = head !== undefined && text.length >= head.length + Number(length)
    const status = isWhole ? statusOfWhole : answerInChunks.exec(text)?.[1]
    if (status === undefined) return
    text = ''
    answer?.resolve(Number(status))
  })
  function fail(error: Error): void {
    opened.reject(error)
    answer?.reject(error)
  }
  await opened.promise
  return {
    send(request) {
      answer = Promise.withResolvers()
      socket.write(request)
      return answer.promise
    },
    close: () => void socket.destroy(),
  }
}

/** @throws an Error unless every request was answered 200. */
export function assertAccepted(answered: readonly Answered[]): void {
  const refused = answered.find(({ status }) => status !== 200)
  if (refused) throw new Error(`a delivery was answered ${refused.status}`)
}

/** Runs what does so many things, and says how many a second it did. */
export async function measureRate(amount: number, run: () => Promise<void>): Promise<number> {
  const startedAt = performance.now()
  await run()
  return (amount * 1_000) / (performance.now() - startedAt)
}
