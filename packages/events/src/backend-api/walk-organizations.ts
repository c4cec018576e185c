import type { EntityApi } from '../entities/entity.ts'
import type { BackendApi } from './backend-api.ts'
import { ApiRefusedError } from './errors.ts'
import { walk } from './walk.ts'
import type { List, Page, Position } from './walk.ts'

const organizations = '/organizations'

/**
 * Walks through a list of the whole instance, or where the API has no such list, through that of each
 * organization.
 *
 * @throws what `walk` throws.
 */
export async function* walkEverywhere(
  api: BackendApi,
  list: List & Pick<EntityApi, 'byOrganization'>,
  from: Position = {},
): AsyncGenerator<Page> {
  const { byOrganization } = list
  let hasBegun = false
  if (from.organizations === undefined) {
    try {
      for await (const page of walk(api, list, from)) {
        hasBegun = true
        yield page
      }
      return
    } catch (error) {
      if (byOrganization === undefined || hasBegun || !isMissing(error)) throw error
    }
  }
  if (byOrganization !== undefined)
    yield* walkOrganizations(api, byOrganization, from.organizations)
}

async function* walkOrganizations(
  api: BackendApi,
  template: string,
  from: Position = {},
): AsyncGenerator<Page> {
  let behind = from
  for await (const page of walk(api, { list: organizations }, from)) {
    for (const { id } of page.items) {
      const list = template.replace('{organization_id}', encodeURIComponent(String(id)))
      try {
        for await (const one of walk(api, { list })) {
          yield { ...one, total: undefined, position: { organizations: behind } }
        }
      } catch (error) {
        // An organization that was deleted meanwhile has no list any more.
        const isThere = (await api.get(`${organizations}/${String(id)}`)) !== undefined
        if (isThere || !isMissing(error)) throw error
      }
    }
    behind = page.position
    // What the organizations lack, their lists lack as well.
    yield { ...page, items: [], total: undefined, position: { organizations: behind } }
  }
}

const isMissing = (error: unknown) =>
  error instanceof ApiRefusedError && (error.status === 404 || error.status === 405)
