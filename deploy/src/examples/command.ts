import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** A command of an example, with all the processes that it starts. */
export interface Command {
  /** What it has written so far. */
  readonly output: () => string
  /** Resolves when it has ended; null when a signal ended it. */
  readonly exitCode: Promise<number | null>
  /** Ends it with all its processes. */
  readonly stop: () => Promise<void>
}

const stopTimeoutMs = 10_000

// A process group of its own is not ended with this process.
const running = new Set<number>()
process.once('exit', () => {
  for (const pid of running) signalGroup(pid, 'SIGKILL')
})

// Without what pnpm tells its scripts of this workspace, and what the tests tell their processes.
const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) =>
      !/^(npm_(?!config_)|pnpm_|vitest|NODE_(?:ENV|PATH)$|CLERK_|DATABASE_URL$|REDIS_URL$|TEST$|VITE_|PROD$|DEV$|MODE$|SSR$|BASE_URL$)/i.test(
        name,
      ),
  ),
)

/** Starts a program as a developer does in the directory of an application. */
export function startCommand(
  command: readonly [program: string, ...args: string[]],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Command {
  const [program, ...args] = command
  const child = spawn(program, args, {
    cwd,
    env: { ...environment, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const pid = child.pid ?? 0
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  }
  if (pid !== 0) running.add(pid)
  const exitCode = once(child, 'close').then(([code]) => {
    running.delete(pid)
    return code as number | null
  })
  return {
    output: () => output,
    exitCode,
    async stop() {
      signalGroup(pid, 'SIGTERM')
      const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), stopTimeoutMs)
      await exitCode.finally(() => clearTimeout(timer))
    },
  }
}

/**
 * Runs a program to its end.
 *
 * @throws Error with its output when it fails or takes longer.
 */
export async function runCommand(
  command: readonly [program: string, ...args: string[]],
  { cwd, env, timeoutMs }: { cwd: string; env?: Record<string, string>; timeoutMs: number },
): Promise<void> {
  const { exitCode, output, stop } = startCommand(command, cwd, env)
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    void stop()
  }, timeoutMs)
  const code = await exitCode.finally(() => clearTimeout(timer))
  if (code === 0) return
  const how = isLate ? `took longer than ${timeoutMs / 1_000} s` : `ended with ${code}`
  throw new Error(`${command.join(' ')} ${how}:\n${output()}`)
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    if (pid !== 0) process.kill(-pid, signal)
  } catch {
    // It has ended.
  }
}
