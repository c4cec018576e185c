import { readFile, writeFile } from 'node:fs/promises'
import { drizzleSchema, kyselySchema, prismaConfig, prismaSchema } from '@clerk-sync/db/schemas'

export const schemaKinds = ['prisma', 'drizzle', 'kysely'] as const

/** The tables as an ORM wants them: to `out`, where what it needs besides is printed, or to stdout. */
export async function schema(
  kind: (typeof schemaKinds)[number],
  { out }: { out?: string },
): Promise<string> {
  if (out === undefined) return schemaOf[kind]('')
  await writeFile(out, schemaOf[kind](await readIfThere(out)))
  const next =
    kind === 'prisma'
      ? `. prisma.config.ts needs "experimental", "tables" and "initShadowDb":\n\n${prismaConfig()}`
      : '\n'
  return `wrote ${out}${next}`
}

const header = (kind: string) =>
  `// Written by "clerk-sync schema ${kind}": run it again after an upgrade.\n`

const schemaOf = {
  prisma: prismaSchema,
  drizzle: () => drizzleSchema(header('drizzle')),
  kysely: () => kyselySchema(header('kysely')),
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}
