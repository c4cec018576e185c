import type { Writable } from 'node:stream'

// Of every line, or shown in another way.
const shownApart = new Set(['level', 'time', 'name', 'app', 'msg', 'error', 'final', 'jobId'])
const ofTracing = /^(trace|span)_/

/** A log line as JSON, as one line for a person: `14:05:09 warn worker: event failed: …  type=user.created`. */
export function renderLogLine(json: string): string {
  const line = JSON.parse(json) as Record<string, unknown>
  const { level, time, name, app, msg, final } = line
  const clock = new Date(String(time)).toLocaleTimeString('en-GB')
  const retried = final === undefined ? '' : final === true ? ' for good' : ', it is retried'
  const causes = causesOf(line['error']).map((cause) => `: ${cause}`)
  const text = `${clock} ${String(level)} ${String(app ?? name)}: ${String(msg)}${retried}${causes.join('')}`
  const fields = Object.entries(line)
    .filter(([key, value]) => !shownApart.has(key) && !ofTracing.test(key) && isPlain(value))
    .map(([key, value]) => `${key}=${String(value)}`)
  // What others have sent must not move the cursor.
  return [text, ...fields]
    .join('  ')
    .replaceAll(/[\p{Cc}\s]+/gu, (space) => (space === '  ' ? space : ' '))
}

const isPlain = (value: unknown) =>
  value !== null && ['string', 'number', 'boolean'].includes(typeof value)

// The innermost says most. Often one repeats what another has said.
function causesOf(error: unknown): string[] {
  if (typeof error !== 'object' || error === null) return []
  const { message, cause } = error as { message?: unknown; cause?: unknown }
  const text = typeof message === 'string' ? message : ''
  return [text, ...causesOf(cause).filter((other) => !text.includes(other))].filter(Boolean)
}

/** Shows log lines to a person. */
export function createTerminalLog(out: Writable): { write(json: string): void } {
  return { write: (json) => void out.write(`${renderLogLine(json)}\n`) }
}
