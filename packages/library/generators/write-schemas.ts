import { writeFileSync } from 'node:fs'
import { drizzleSchema, kyselySchema } from '@clerk-sync/db/schemas'

const header =
  "// Written by `npx -y pnpm@12 schemas` from the entities in packages/events. Don't edit it here.\n"

/** The files of the package that follow from the entities, by their paths in it. */
export const generatedFiles: ReadonlyMap<string, string> = new Map([
  ['src/drizzle.ts', drizzleSchema(header)],
  ['src/kysely.ts', kyselySchema(header)],
])

if (import.meta.main) {
  for (const [path, text] of generatedFiles) {
    writeFileSync(new URL(`../${path}`, import.meta.url), text)
  }
}
