import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { generatedFiles } from '../generators/write-schemas.ts'

test.each([...generatedFiles])('%s says what the entities say', async (path, text) => {
  const isCurrent = (await readFile(new URL(`../${path}`, import.meta.url), 'utf8')) === text
  expect(isCurrent, 'write it again with "npx -y pnpm@12 schemas"').toBe(true)
})
