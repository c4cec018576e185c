import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { createDatabase, ensureUser, waitForUser } from '../src/index.ts'
import { freshId, noon } from './build-change.ts'
import { ada, clerkThat } from './just-in-time-scene.ts'
import { useTables } from './tables.ts'

const tables = await useTables()

test("the grants of docs/applications.md are enough for an application's own role", async () => {
  const page = readFileSync(new URL('../../../docs/applications.md', import.meta.url), 'utf8')
  const grants = /```sql\n(GRANT [^`]+)```/.exec(page)?.[1] ?? ''
  const role = `app_${randomUUID().replaceAll('-', '')}`
  const url = new URL(tables.url)
  Object.assign(url, { username: role, password: role })
  await tables.query(`CREATE ROLE ${role} LOGIN PASSWORD '${role}'`)
  const own = createDatabase({ url: url.href, maxConnections: 1 })
  onTestFinished(async () => {
    await own.close()
    await tables.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
  })
  await tables.query(grants.replaceAll('my_app', role))

  const id = freshId()
  expect(await waitForUser(own, id, { timeoutMs: 0 })).toBeUndefined()
  expect(await ensureUser(own, clerkThat(ada), id)).toMatchObject({ id })
  expect(await waitForUser(own, id, { updatedAt: noon })).toMatchObject({ id })
})
