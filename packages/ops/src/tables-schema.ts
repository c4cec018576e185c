// The schema goes along with the URLs, so that whoever has a URL has the tables and the queue of it.
const parameter = 'tables_schema'

/** The schema that the statements and migrations are written for. */
export const defaultTablesSchema = 'clerk'

const pattern = /^[a-z_][a-z0-9_]{0,50}$/

/** What is wrong with the name of a schema; undefined when nothing is. */
export function problemOfTablesSchema(name: string): string | undefined {
  if (!pattern.test(name)) {
    return 'must be a name of lower-case letters, digits and underscores, of 51 characters at most'
  }
  if (/^pg_|^(public|information_schema)$/.test(name)) {
    return `can't be ${name}: clerk-sync needs a schema of its own`
  }
  return undefined
}

// By the text: a URL of Redis may have several hosts.
const inUrl = /([?&])tables_schema=([a-z0-9_]*)(?:&|$)/

/** The schema of the tables that a URL of PostgreSQL, or of the queue on Redis, is about. */
export function tablesSchemaOf(url: string): string {
  return inUrl.exec(url)?.[2] || defaultTablesSchema
}

/** The URL for the tables of this schema. */
export function withTablesSchema(url: string, schema: string): string {
  if (schema === defaultTablesSchema || inUrl.test(url)) return url
  return `${url}${url.includes('?') ? '&' : '?'}${parameter}=${schema}`
}

/** The URL as a driver takes it. */
export function withoutTablesSchema(url: string): string {
  return url.replace(inUrl, (_, before: string) => before).replace(/[?&]$/, '')
}

/** The environment with DATABASE_URL and REDIS_URL for the tables of TABLES_SCHEMA. */
export function withTablesSchemaOf(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const schema = env['TABLES_SCHEMA'] || defaultTablesSchema
  if (schema === defaultTablesSchema) return env
  const complete = { ...env }
  for (const name of ['DATABASE_URL', 'REDIS_URL']) {
    const url = env[name]
    if (url) complete[name] = withTablesSchema(url, schema)
  }
  return complete
}

/** SQL that is written for the schema `clerk`, for the tables of another one. */
export function inTablesSchema(sql: string, schema: string): string {
  if (schema === defaultTablesSchema) return sql
  return sql
    .replace(
      /(["'])clerk(_queue)?\1/g,
      (_, quote: string, queue = '') => quote + schema + queue + quote,
    )
    .replace(/\bclerk\.(?=["%*a-z_])/g, `"${schema}".`)
}
