import type { PostgresQueueBackend } from 'bullmq'
import { escapeIdentifier } from 'pg'
import type { Pool } from 'pg'
import { bullQueueOf } from '../open-queue.ts'
import type { OpenQueue } from '../open-queue.ts'
import { redisClientOf } from '../redis-connection.ts'
import type { RedisClient } from '../redis-connection.ts'

// Nine reports. Who is silent for longer has ended without a word.
const silenceMs = 90_000
/** For how many minutes figures are kept. */
export const keptMinutes = 25 * 60
const minutesInHour = 60
// The last hour's minutes are kept for their whole time, too.
const hourExpirySeconds = (keptMinutes + minutesInHour) * 60

interface StoredReport {
  readonly id: string
  readonly report: string
  /** When it was written, by the clock of the queue's server. */
  readonly ageMs: number
}

/** What one source has written of one minute. */
interface StoredMinute {
  /** Minutes since 1970. */
  readonly minute: number
  readonly source: string
  readonly figures: string
}

/**
 * Where processes leave their reports: beside the queue. Every function throws when the queue does not
 * answer.
 */
export interface ReportStore {
  /** Writes the report of a process, which is forgotten when it is not written again for 90 s. */
  announce(id: string, report: string): Promise<void>
  retract(id: string): Promise<void>
  readReports(): Promise<StoredReport[]>
  /** Replaces what this source wrote of these minutes before. */
  saveMinutes(source: string, minutes: ReadonlyMap<number, string>): Promise<void>
  /** Whether the caller is the first who claims this source of a minute. It then removes what is too old. */
  claimMinute(minute: number, source: string): Promise<boolean>
  readMinutes(since: number, until: number): Promise<StoredMinute[]>
}

export function reportStoreOf(opened: OpenQueue): ReportStore {
  const queue = bullQueueOf(opened)
  const client = redisClientOf(queue)
  if (client) return redisStore(client, queue.opts.prefix ?? '')
  const { connection } = queue.getBackend() as unknown as PostgresQueueBackend
  // BullMQ's own pool is one of node-postgres.
  return postgresStore(connection.pool as unknown as Pool, connection.schema)
}

/** Its keys have the prefix of the queue, and so its slot in a cluster. */
function redisStore(client: RedisClient, prefix: string): ReportStore {
  const ids = `${prefix}:processes`
  const keyOf = (id: string) => `${prefix}:process:${id}`
  const hourOf = (minute: number) => Math.floor(minute / minutesInHour)
  const hourKey = (hour: number) => `${prefix}:figures:${hour}`
  return {
    async announce(id, report) {
      await Promise.all([client.set(keyOf(id), report, 'PX', silenceMs), client.sadd(ids, id)])
    },
    async retract(id) {
      await Promise.all([client.unlink(keyOf(id)), client.srem(ids, id)])
    },
    async readReports() {
      const known = await client.smembers(ids)
      const found = await Promise.all(
        known.map(async (id) => {
          const key = keyOf(id)
          const [report, leftMs] = await Promise.all([client.get(key), client.pttl(key)])
          return { id, report, ageMs: Math.max(0, silenceMs - leftMs) }
        }),
      )
      const gone = found.filter(({ report }) => report === null).map(({ id }) => id)
      if (gone.length > 0) await client.srem(ids, ...gone)
      return found.flatMap(({ report, ...about }) =>
        report === null ? [] : [{ report, ...about }],
      )
    },
    async saveMinutes(source, minutes) {
      const hours = Map.groupBy(minutes, ([minute]) => hourOf(minute))
      await Promise.all(
        [...hours].flatMap(([hour, those]) => [
          client.hset(
            hourKey(hour),
            ...those.flatMap(([minute, figures]) => [`${minute}.${source}`, figures]),
          ),
          client.expire(hourKey(hour), hourExpirySeconds),
        ]),
      )
    },
    async claimMinute(minute, source) {
      const key = hourKey(hourOf(minute))
      const [isFirst] = await Promise.all([
        client.hsetnx(key, `${minute}.${source}`, '{}'),
        client.expire(key, hourExpirySeconds),
      ])
      return isFirst === 1
    },
    async readMinutes(since, until) {
      const hours = Array.from(
        { length: hourOf(until) - hourOf(since) + 1 },
        (_, at) => hourOf(since) + at,
      )
      const all = await Promise.all(hours.map((hour) => client.hgetall(hourKey(hour))))
      return all.flatMap((fields) =>
        Object.entries(fields).flatMap(([field, figures]) => {
          const [minute = '', source = ''] = field.split('.', 2)
          return Number(minute) < since ? [] : [{ minute: Number(minute), source, figures }]
        }),
      )
    },
  }
}

const tablesOf = (schema: string) => ({
  processes: `${escapeIdentifier(schema)}.clerk_sync_processes`,
  figures: `${escapeIdentifier(schema)}.clerk_sync_figures`,
})

/** The SQL that creates the tables of the reports, of which it has the names. */
export function reportTables(schema: string): { names: readonly string[]; sql: string } {
  const { processes, figures } = tablesOf(schema)
  return {
    names: [processes, figures],
    sql: `
      CREATE TABLE IF NOT EXISTS ${processes} (
        id text PRIMARY KEY,
        report jsonb NOT NULL,
        seen_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE TABLE IF NOT EXISTS ${figures} (
        minute integer NOT NULL,
        source text NOT NULL,
        figures jsonb NOT NULL,
        PRIMARY KEY (minute, source)
      )`,
  }
}

function postgresStore(pool: Pool, schema: string): ReportStore {
  const { processes, figures } = tablesOf(schema)
  const isSilent = `seen_at < now() - interval '${silenceMs} ms'`
  return {
    async announce(id, report) {
      await pool.query(
        `INSERT INTO ${processes} (id, report) VALUES ($1, $2)
         ON CONFLICT (id) DO UPDATE SET report = excluded.report, seen_at = now()`,
        [id, report],
      )
    },
    async retract(id) {
      await pool.query(`DELETE FROM ${processes} WHERE id = $1`, [id])
    },
    async readReports() {
      const { rows } = await pool.query<StoredReport>(
        `SELECT id, report::text, extract(epoch FROM now() - seen_at)::float8 * 1000 AS "ageMs"
         FROM ${processes} WHERE NOT ${isSilent}`,
      )
      return rows
    },
    async saveMinutes(source, minutes) {
      if (minutes.size === 0) return
      await pool.query(
        `INSERT INTO ${figures} (minute, source, figures)
         SELECT minute, $1, figures::jsonb FROM unnest($2::integer[], $3::text[]) AS new (minute, figures)
         ON CONFLICT (minute, source) DO UPDATE SET figures = excluded.figures`,
        [source, [...minutes.keys()], [...minutes.values()]],
      )
    },
    async claimMinute(minute, source) {
      const { rowCount } = await pool.query(
        `INSERT INTO ${figures} (minute, source, figures) VALUES ($1, $2, '{}') ON CONFLICT DO NOTHING`,
        [minute, source],
      )
      if (rowCount !== 1) return false
      await pool.query(`DELETE FROM ${figures} WHERE minute < $1`, [minute - keptMinutes])
      await pool.query(`DELETE FROM ${processes} WHERE ${isSilent}`)
      return true
    },
    async readMinutes(since) {
      const { rows } = await pool.query<StoredMinute>(
        `SELECT minute, source, figures::text FROM ${figures} WHERE minute >= $1`,
        [since],
      )
      return rows
    },
  }
}
