import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A variable as .env.example tells of it; a test of apps/cli holds that file to the code. */
export interface AppVariable {
  readonly name: string
  readonly readers: readonly string[]
  readonly required: boolean
  /** Empty when there is none. */
  readonly byDefault: string
}

/** Secrets that no process reads itself, but the exporter of its traces (docs/tracing.md). */
export const exporterSecrets = ['OTEL_EXPORTER_OTLP_HEADERS']

const everyApp = ['ingest', 'worker', 'console', 'cli']

export function readAppVariables(): AppVariable[] {
  const text = readFileSync(join(import.meta.dirname, '../../../.env.example'), 'utf8')
  const lines = text.matchAll(/^# ([a-z, ]+): .*\n([A-Z_]+)=(.*)$/gm)
  return Array.from(lines, ([, who = '', name = '', byDefault = '']) => {
    const words = who.split(', ')
    return {
      name,
      readers: words.includes('all') ? everyApp : words.filter((word) => everyApp.includes(word)),
      required: words.includes('required'),
      byDefault,
    }
  })
}
