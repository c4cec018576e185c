import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prismaSchema } from '@clerk-sync/db/schemas'
import { expect, onTestFinished, test } from 'vitest'
import { schema, schemaKinds } from './schema.ts'

test.each(schemaKinds)('%s is printed, or written to --out', async (kind) => {
  const directory = await mkdtemp(join(tmpdir(), 'clerk-sync-schema-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const out = join(directory, 'made', 'clerk')
  const printed = await schema(kind, {})
  expect(printed).toContain('primary_email_address')
  expect(await schema(kind, { out })).toContain(`wrote ${out}`)
  expect(await readFile(out, 'utf8')).toBe(printed)
})

test.each(schemaKinds)(
  '%s is about the tables of another schema, and refuses what is no name',
  async (kind) => {
    const directory = await mkdtemp(join(tmpdir(), 'clerk-sync-schema-'))
    onTestFinished(() => rm(directory, { recursive: true }))
    const out = join(directory, 'auth')
    const printed = await schema(kind, { out }, 'auth')
    const written = `${printed}${await readFile(out, 'utf8')}`
    expect(written).toMatch(/'auth'|@@schema\("auth"\)/)
    expect(written).not.toMatch(/['"]clerk['".]|CREATE (?:SCHEMA|TABLE) clerk/)
    await expect(schema(kind, {}, 'no-name')).rejects.toThrow('TABLES_SCHEMA must be a name')
  },
)

test('prisma keeps the relation fields in the file, and prints what prisma.config.ts needs', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'clerk-sync-schema-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const out = join(directory, 'clerk.prisma')
  await writeFile(out, prismaSchema().replace('model ClerkUser {\n', '$&  posts Post[]\n'))
  expect(await schema('prisma', { out })).toContain('experimental: { externalTables: true }')
  expect(await readFile(out, 'utf8')).toContain('\n  posts Post[]\n')
})
