import { readFile } from 'node:fs/promises'

/** The SQL that makes a role for each process, with the rights that it needs. */
export function rolesSql(): Promise<string> {
  return readFile(new URL('../roles/roles.sql', import.meta.url), 'utf8')
}
