import { ConfigError } from '@clerk-sync/ops'
import { describeKept } from '../kept-report.ts'
import { renderKept } from '../kept-screen.ts'
import { readKeptSettings } from '../kept-settings.ts'

export interface FieldsOptions {
  json?: true
}

export const fieldsHelp = `
It reads SYNC_ENTITIES and SYNC_FIELDS as ingest and worker do, and connects to nothing.
"keep more" and "keep less" show what to put into SYNC_FIELDS; a leading minus leaves
out what is kept by default. docs/tables.md says what each table and column holds.

Examples:
  $ clerk-sync fields
  $ SYNC_FIELDS=users.phone_numbers,-users.image_url clerk-sync fields
  $ clerk-sync fields --json | jq '.entities[] | select(.kept) | .table'
`

/**
 * What is kept with the settings of this environment, and what changes it. A text shows with settings
 * that are wrong what is kept without any, beside the problem: it sends people here.
 *
 * @throws {ConfigError} for JSON, when the settings are wrong.
 */
export function fields(
  options: FieldsOptions,
  env: NodeJS.ProcessEnv,
): { text: string; problem?: ConfigError } {
  try {
    const report = describeKept(readKeptSettings(env))
    return { text: options.json ? `${JSON.stringify(report, undefined, 2)}\n` : renderKept(report) }
  } catch (error) {
    if (options.json || !(error instanceof ConfigError)) throw error
    const byDefault = renderKept(describeKept(readKeptSettings({})))
    return {
      text: `The settings are wrong. Without any, this is kept:\n\n${byDefault}\n`,
      problem: error,
    }
  }
}
