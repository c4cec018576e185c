// Ids are what people look for; they tell nothing without the tables.
const shownIds = ['svixId', 'type', 'entityId', 'userId', 'organizationId'] as const
const shownTimes = ['occurredAt', 'receivedAt'] as const
const longestId = 255

/** What the board shows of job.data where personal data is hidden: ids and times. */
export function hidePersonalData(data: unknown): { [field: string]: unknown } {
  const job = typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {}
  const ids = shownIds.flatMap((name) => {
    const value = job[name]
    return typeof value === 'string' ? [[name, value.slice(0, longestId)]] : []
  })
  const times = shownTimes.flatMap((name) => {
    const value = job[name]
    return typeof value === 'number' ? [[name, toIsoTime(value)]] : []
  })
  return {
    ...Object.fromEntries([...ids, ...times]),
    data: 'hidden: BOARD_SHOW_DATA=true shows it',
  }
}

function toIsoTime(ms: number): string {
  const time = new Date(ms)
  return Number.isNaN(time.getTime()) ? String(ms) : time.toISOString()
}
