import { errorMessage } from '../error-message.ts'

// Parts of the names of what must never be read in a log, as headers, settings and drivers have them.
const secretNames =
  /authorization|cookie|passw|secret|token|signature|api_?key|(database|redis|connection)_?(url|string)/i
// The user and the password in a URL.
const logins = /:\/\/[^\s"]*@/g
const redacted = '[redacted]'

/** The same for a log: without the values of secret names at any depth, errors by their reason alone. */
export function withoutSecrets(value: unknown, seen = new WeakSet<object>()): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Error) return describeError(value)
  // What a request holds leads around in circles.
  if (seen.has(value)) return '[seen]'
  seen.add(value)
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return withoutSecrets(value.toJSON(), seen)
  }
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, seen))
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      secretNames.test(name) ? redacted : withoutSecrets(inner, seen),
    ]),
  )
}

/** The line without the logins of the URLs in it, wherever they are. */
export function withoutLogins(line: string): string {
  return line.replace(logins, `://${redacted}@`)
}

// Not the whole error: a driver's error carries the statement's parameters along.
function describeError(error: unknown): unknown {
  const message = errorMessage(error)
  if (!(error instanceof Error)) return { message }
  const code = 'code' in error ? { code: error.code } : {}
  const cause = error.cause === undefined ? {} : { cause: describeError(error.cause) }
  return { type: error.name, message, ...code, ...cause }
}
