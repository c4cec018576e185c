import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'

/** A script of ours as a process of its own. */
export interface StartedProcess {
  readonly pid: number
  /** What it has written so far. */
  readonly output: { stdout: string; stderr: string }
  readonly kill: (signal: NodeJS.Signals) => void
  /** Resolves when it has ended; null when a signal ended it. */
  readonly exitCode: () => Promise<number | null>
}

/** The environment of a process of a test: these variables, and of ours what every program needs. */
export function childEnvironment(env: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { PATH, NODE_COMPILE_CACHE } = process.env
  return { PATH, ...(NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }), ...env }
}

/** Runs a script with these variables and no others of ours. The caller kills it. */
export function startProcess(script: string, env: Record<string, string>): StartedProcess {
  const child = spawn(process.execPath, [script], {
    env: childEnvironment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => (output[name] += text))
  }
  const closed = once(child, 'close')
  return {
    pid: child.pid ?? 0,
    output,
    kill: (signal) => void child.kill(signal),
    exitCode: async () => (await closed)[0] as number | null,
  }
}

/**
 * Resolves with what a process has written once this text is in it.
 *
 * @throws Error with all that it has written when it ends before.
 */
export async function untilWritten(
  child: ChildProcessWithoutNullStreams,
  text: string,
): Promise<string> {
  let written = ''
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (some: string) => {
      written += some
      if (written.includes(text)) resolve(written)
    })
  }
  child.once('close', (code) => reject(new Error(`it ended with ${code}: ${written}`)))
  return promise
}

/** Listens on any free port. The caller closes the server. */
export async function listenAnywhere(
  host = '127.0.0.1',
): Promise<{ server: Server; port: number }> {
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port }
}

// Below those that systems give to outgoing connections, also with the 10,000 that a node of a Redis
// Cluster adds: an outgoing connection could take one before it is listened on.
const lowestPort = 10_000
const highestPort = 22_000

/** A port that was free a moment ago. */
export async function freePort(host?: string): Promise<number> {
  for (;;) {
    const port = randomInt(lowestPort, highestPort)
    const server = createServer().listen(port, host)
    try {
      await once(server, 'listening')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') continue
      throw error
    }
    await once(server.close(), 'close')
    return port
  }
}
