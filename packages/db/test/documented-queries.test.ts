import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { deletionPolicies } from '../src/index.ts'
import { freshId, remove, upsert } from './build-change.ts'
import { applyAll, useTables } from './tables.ts'

const tables = await useTables()
const [db] = tables.writers

const documents = ['README.md', 'docs/applications.md']

/** The statements of a document that read memberships, with the id of a user in place of $1. */
async function queriesOf(document: string, userId: string): Promise<string[]> {
  const text = await readFile(new URL(`../../../${document}`, import.meta.url), 'utf8')
  const statements = text.match(/SELECT[^;`]+FROM clerk\.organization_memberships[^;`]+/g) ?? []
  return statements.map((statement) => statement.replaceAll('$1', `'${userId}'`))
}

test.each(deletionPolicies)(
  'with %s the documented queries show the members of an organization and nobody who left it',
  async (deletionPolicy) => {
    const [stays, leaves, organization] = [freshId(), freshId(), freshId('org')]
    const join = (user: string, role: string) =>
      upsert(freshId('orgmem'), {
        type: 'organizationMembership.created',
        data: { organization: { id: organization }, public_user_data: { user_id: user }, role },
      })
    const left = join(leaves, 'org:left')
    const { id, concerned } = left
    const leave = remove(id, { type: 'organizationMembership.deleted' })
    await applyAll(
      db,
      [
        upsert(stays),
        upsert(leaves),
        upsert(organization, { type: 'organization.created' }),
        join(stays, 'org:stays'),
        left,
        { ...leave, concerned },
      ],
      { deletionPolicy, auditValues: false },
    )
    for (const document of documents) {
      const shown: string[] = []
      for (const user of [stays, leaves]) {
        const queries = await queriesOf(document, user)
        expect(queries).toHaveLength(1)
        const rows = await tables.query<{ role: string }>(
          `SELECT role FROM (${queries[0]}) AS shown`,
        )
        shown.push(...rows.map(({ role }) => role))
      }
      expect(shown).toContain('org:stays')
      expect(shown).not.toContain('org:left')
    }
  },
)
