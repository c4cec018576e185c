import type { PlainLogger } from '@clerk-sync/ops'

// oxlint-disable no-console -- where an application has given no logger

/** Writes lines that begin with `clerk-sync:` to the console. */
export const consoleLogger: PlainLogger = {
  info: (fields, message) => console.info(...line(fields, message)),
  warn: (fields, message) => console.warn(...line(fields, message)),
  error: (fields, message) => console.error(...line(fields, message)),
}

function line(fields: object, message: string): unknown[] {
  const shown = Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      value instanceof Error ? value.message : value,
    ]),
  )
  return Object.keys(shown).length === 0
    ? [`clerk-sync: ${message}`]
    : [`clerk-sync: ${message}`, shown]
}
