import { parseEntities, parseFields, selectKept } from './kept.ts'
import type { Kept } from './kept.ts'
import { z } from 'zod'
import { variable } from '@clerk-sync/ops'
import type { Settings, Variable } from '@clerk-sync/ops'

// Commas, not spaces: a shell reads .env, too.
const syncEntities = names(parseEntities, 'users,organizations,organization_memberships')
const syncFields = names(parseFields, 'users.private_metadata,-users.image_url')

/** What every process reads that keeps something of an event. */
export const keptVariables = { SYNC_ENTITIES: syncEntities, SYNC_FIELDS: syncFields }

/** What these settings keep. */
export function keptBy(settings: Settings<typeof keptVariables>): Kept {
  return selectKept({ entities: settings.SYNC_ENTITIES, fields: settings.SYNC_FIELDS })
}

/** The fields in SYNC_FIELDS whose entity SYNC_ENTITIES leaves out, each as a problem. */
export function fieldsLeftOut(env: NodeJS.ProcessEnv): string[] {
  const entities = syncEntities.safeParse(env['SYNC_ENTITIES'] || undefined)
  const fields = syncFields.safeParse(env['SYNC_FIELDS'] || undefined)
  // What can't be read is reported as such.
  if (!entities.success || !fields.success) return []
  const kept = keptBy({ SYNC_ENTITIES: entities.data, SYNC_FIELDS: fields.data })
  const tables = ['webhook_events', ...kept.entities.map(({ table }) => table)]
  return (fields.data ?? []).flatMap((name) => {
    const table = name.replace(/^-|\..*/g, '')
    return tables.includes(table)
      ? []
      : [`SYNC_FIELDS names ${name}, but SYNC_ENTITIES leaves ${table} out`]
  })
}

function names(parse: (text: string) => string[], example: string): Variable<string[] | undefined> {
  const schema = z.string().transform((text, context) => {
    try {
      return parse(text)
    } catch (error) {
      context.addIssue({
        code: 'custom',
        message: error instanceof Error ? error.message : 'is wrong',
      })
      return z.NEVER
    }
  })
  return variable(schema.optional(), example)
}
