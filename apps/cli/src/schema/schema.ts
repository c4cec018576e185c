import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { drizzleSchema, kyselySchema, prismaConfig, prismaSchema } from '@clerk-sync/db/schemas'
import { defaultTablesSchema, problemOfTablesSchema } from '@clerk-sync/ops'

export const schemaKinds = ['prisma', 'drizzle', 'kysely'] as const

/**
 * The tables of this schema as an ORM wants them: to `out`, where what it needs besides is printed, or to
 * stdout.
 *
 * @throws Error when no schema can have this name.
 */
export async function schema(
  kind: (typeof schemaKinds)[number],
  { out }: { out?: string },
  tablesSchema: string = defaultTablesSchema,
): Promise<string> {
  const problem = problemOfTablesSchema(tablesSchema)
  if (problem !== undefined) throw new Error(`TABLES_SCHEMA ${problem}`)
  if (out === undefined) return schemaOf[kind]('', tablesSchema)
  await mkdir(dirname(out), { recursive: true })
  await writeFile(out, schemaOf[kind](await readIfThere(out), tablesSchema))
  const next =
    kind === 'prisma'
      ? `. prisma.config.ts needs "experimental", "tables" and "initShadowDb":\n\n${prismaConfig(tablesSchema)}`
      : '\n'
  return `wrote ${out}${next}`
}

const header = (kind: string) =>
  `// Written by "clerk-sync schema ${kind}": run it again after an upgrade.\n`

const schemaOf = {
  prisma: prismaSchema,
  drizzle: (_: string, tablesSchema: string) => drizzleSchema(header('drizzle'), tablesSchema),
  kysely: (_: string, tablesSchema: string) => kyselySchema(header('kysely'), tablesSchema),
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}
