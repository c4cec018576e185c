import { connectionProblem } from './connection-problem.ts'

/**
 * What kept a migration from being applied and what to do about it, in words for an operator. The
 * engine's own messages carry a Rust trace and refer to commands that clerk-sync doesn't have.
 */
export function migrationProblem(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  switch ('code' in cause ? cause.code : undefined) {
    case 'P3005':
      return (
        'the schema "clerk" holds tables that clerk-sync did not create. ' +
        'Drop or rename the schema, or use another database'
      )
    case 'P3009':
      return failedBefore(nameIn(cause.message))
    default:
      return connectionProblem(cause) ?? reasonOf(cause)
  }
}

function failedBefore(name: string): string {
  return (
    `migration ${name} failed before and must be resolved. None of its statements is in effect; ` +
    'the column "logs" of clerk._prisma_migrations says why. Remove the cause, then run: ' +
    'UPDATE clerk._prisma_migrations SET rolled_back_at = now() ' +
    `WHERE migration_name = '${name}' AND finished_at IS NULL; and migrate again`
  )
}

// "The `20261121000000_init` migration started at … failed"
function nameIn(message: string): string {
  return /`([^`]+)` migration/.exec(message)?.[1] ?? 'unknown'
}

// "external connector error", the database's own line, and the trace with the migration's name.
function reasonOf({ message }: Error): string {
  const [, name] = /migration_name="([^"]+)"/.exec(message) ?? []
  const [, reason = message.trim()] =
    /^Error querying the database: (?:ERROR: )?(.+)$/m.exec(message) ?? []
  return name === undefined ? reason.split(/\n\s+0: /)[0]! : `migration ${name} failed: ${reason}`
}
