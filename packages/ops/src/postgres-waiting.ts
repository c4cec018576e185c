const askEveryMs = 2_000
const reportEveryMs = 30_000

interface Blocker {
  pid: number
  name: string | null
  state: string | null
  since: Date | null
}

const blockers = `
  SELECT pid, application_name AS name, state, coalesce(xact_start, state_change) AS since
  FROM pg_stat_activity WHERE pid = ANY(pg_blocking_pids($1)) ORDER BY since`

export interface WaitingOptions {
  /** The server process whose statements may have to wait for others. */
  readonly pid: number
  /** Runs a query on another connection. Its errors are ignored: the wait itself goes on. */
  readonly ask: (sql: string, values: unknown[]) => Promise<{ rows: object[] }>
  /** Called when what is waited for is known or changes, and every 30 s. */
  readonly onWaiting: (line: string) => void
}

/** Looks every 2 s whether a session waits for the lock of another one, and says for which and since when. */
export function watchWaiting({ pid, ask, onWaiting }: WaitingOptions): { stop(): void } {
  let reported: string | undefined
  let reportedAt = 0
  let isStopped = false

  async function look(): Promise<void> {
    const { rows } = await ask(blockers, [pid]).catch(() => ({ rows: [] }))
    const [first] = rows as Blocker[]
    if (!first || isStopped) return
    const line = describe(first)
    if (line === reported && Date.now() - reportedAt < reportEveryMs) return
    reported = line
    reportedAt = Date.now()
    onWaiting(line)
  }

  const timer = setInterval(() => void look(), askEveryMs)
  return {
    stop() {
      isStopped = true
      clearInterval(timer)
    },
  }
}

function describe({ pid, name, state, since }: Blocker): string {
  const session = `session ${pid}${name ? ` (${name})` : ''}`
  const time = since === null ? 'a time that this role may not see' : since.toISOString()
  if (state !== 'idle') {
    return `waiting for a lock that ${session} holds; its transaction began at ${time}`
  }
  return (
    `waiting for a lock that ${session} holds; it is idle in a connection pooler since ${time}, ` +
    `and the lock was left to it: SELECT pg_terminate_backend(${pid}) ends it`
  )
}
