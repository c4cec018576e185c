import { ConfigError } from '@clerk-sync/ops'
import { describeKept, readKeptSettings } from './kept-report.ts'
import { renderKept } from './kept-screen.ts'

export interface FieldsOptions {
  json?: true
}

/**
 * What is kept with the settings of this environment, and what changes it. When the settings are wrong,
 * the text shows what is kept by default, and `problem` says what is wrong: the messages about
 * SYNC_FIELDS name this command.
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
