const unstorable = /\0|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g

/**
 * The same error, with a message and a stack that every queue can keep. PostgreSQL takes neither a
 * NUL nor half a surrogate pair: the job would stay active, and run again for ever once it stalled.
 */
export function toStorableError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  for (const part of ['message', 'stack'] as const) {
    const text = error[part]
    // Some errors have a message that can't be assigned.
    if (typeof text === 'string' && text.search(unstorable) >= 0) {
      const value = text.replace(unstorable, '\uFFFD')
      Object.defineProperty(error, part, { value, configurable: true, writable: true })
    }
  }
  return error
}
