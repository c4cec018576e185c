import type { WriteStream } from 'node:tty'
import { duration, number } from './text.ts'

/** Shows how far a long command is. */
export interface Progress {
  /** How far the work on one table is; `total` where it is known. */
  at(table: string, done: number, total: number | undefined, detail?: string): void
  /** Writes a line of its own. */
  line(text: string): void
  /** Writes the last line, which stays. */
  end(text: string): void
}

const linesEveryMs = 5_000
const barWidth = 24

/** One line that changes on a terminal; elsewhere a line every few seconds. */
export function createProgress(
  stream: Pick<WriteStream, 'write'> & { isTTY?: boolean; columns?: number },
): Progress {
  let startedAt = Date.now()
  let startedWith: number | undefined
  let table = ''
  let saidAt = 0

  function begin(name: string, done: number): void {
    if (name === table) return
    table = name
    startedAt = Date.now()
    startedWith = done
    saidAt = 0
  }

  const clear = () => void (stream.isTTY && stream.write('\r\x1B[K'))

  return {
    at(name, done, total, detail = '') {
      begin(name, done)
      const seconds = (Date.now() - startedAt) / 1_000
      const rate = seconds > 0.5 ? (done - (startedWith ?? 0)) / seconds : undefined
      const text = renderProgress({ table, done, total, rate, detail })
      if (stream.isTTY) {
        clear()
        // A line that wraps could not be cleared.
        stream.write(text.slice(0, (stream.columns ?? 80) - 1))
      } else if (Date.now() - saidAt >= linesEveryMs) {
        saidAt = Date.now()
        stream.write(`${text}\n`)
      }
    },
    line(text) {
      clear()
      stream.write(`${text}\n`)
    },
    end(text) {
      clear()
      stream.write(`${text}\n`)
      table = ''
    },
  }
}

/** `users  [######    ]  1,200 of 5,000  400/s  10 s left` */
export function renderProgress(at: {
  table: string
  done: number
  total: number | undefined
  rate: number | undefined
  detail: string
}): string {
  const { table, done, total, rate, detail } = at
  const parts = [table]
  if (total !== undefined && total > 0) {
    const filled = Math.min(barWidth, Math.round((done / total) * barWidth))
    parts.push(`[${'#'.repeat(filled).padEnd(barWidth)}]`)
  }
  parts.push(total === undefined ? number(done) : `${number(done)} of ${number(total)}`)
  if (rate !== undefined && rate > 0) {
    parts.push(`${number(Math.round(rate))}/s`)
    if (total !== undefined && total > done)
      parts.push(`${duration(((total - done) / rate) * 1_000)} left`)
  }
  if (detail !== '') parts.push(detail)
  return parts.join('  ')
}

/**
 * The first SIGINT or SIGTERM aborts `signal`, so that the command stops where it can go on later. The
 * second one ends the process at once. `stop` takes the listeners off.
 */
export function stopOnSignal(onStop: (text: string) => void): {
  signal: AbortSignal
  stop: () => void
} {
  const stopping = new AbortController()
  const abort = () => {
    if (stopping.signal.aborted) process.exit(130)
    onStop('stopping after this page; press Ctrl-C again to stop at once')
    stopping.abort()
  }
  process.on('SIGINT', abort).on('SIGTERM', abort)
  return {
    signal: stopping.signal,
    stop: () => void process.off('SIGINT', abort).off('SIGTERM', abort),
  }
}
