/**
 * Aborted by the first SIGINT or SIGTERM, so that long work stops where it can go on later; a second
 * one ends the process at once.
 */
export function stopOnSignal(onStop: (text: string) => void): {
  signal: AbortSignal
  stop: () => void
} {
  const stopping = new AbortController()
  const abort = () => {
    if (stopping.signal.aborted) process.exit(130)
    onStop('stopping at the end of this page; once more ends at once')
    stopping.abort()
  }
  process.on('SIGINT', abort).on('SIGTERM', abort)
  return {
    signal: stopping.signal,
    stop: () => void process.off('SIGINT', abort).off('SIGTERM', abort),
  }
}
