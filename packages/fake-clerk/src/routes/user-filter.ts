import {
  isChosen,
  readBoolean,
  readChoice,
  readInteger,
  readValues,
  refuseParameters,
} from '../query.ts'
import type { Choice } from '../query.ts'
import type { ClerkObject } from '../world/clerk-object.ts'
import { membershipsOfUser } from '../world/memberships.ts'
import type { Store } from '../world/store.ts'
import type { Walk } from '../world/walk.ts'
import { contains } from './route.ts'

type Condition = (user: ClerkObject) => boolean

/** Which users a request asks for. */
export interface UserFilter {
  walk?: Walk
  candidates?: ClerkObject[]
  matches?: Condition
}

const unsupported = [
  'web3_wallet',
  'phone_number_query',
  'last_active_at_since',
  'provider',
  'provider_user_id',
]

/** Reads the parameters that both the list of users and their count heed. */
export function readUserFilter(store: Store, query: URLSearchParams): UserFilter {
  refuseParameters(query, unsupported)
  const ids = readChoice(query, 'user_id')
  const conditions = [
    ids.excluded.length > 0 ? (user: ClerkObject) => isChosen(ids, user.id) : undefined,
    ...readUserConditions(query),
    buildOrganizationCondition(store, readChoice(query, 'organization_id')),
  ].filter((condition) => condition !== undefined)
  const createdAfter = readInteger(query, 'created_at_after')
  const createdBefore = readInteger(query, 'created_at_before')
  const isBounded = createdAfter !== undefined || createdBefore !== undefined
  const bounds: Walk = {
    ...(createdAfter === undefined ? {} : { createdAfter }),
    ...(createdBefore === undefined ? {} : { createdBefore }),
  }
  const candidates = ids.included?.flatMap((id) => store.users.find(id) ?? [])
  return {
    ...(isBounded ? { walk: bounds } : {}),
    ...(candidates ? { candidates: candidates.filter((user) => isWithin(user, bounds)) } : {}),
    ...(conditions.length > 0
      ? { matches: (user) => conditions.every((condition) => condition(user)) }
      : {}),
  }
}

/** Reads the conditions that the members of an organization can be asked for, too. */
export function readUserConditions(query: URLSearchParams): Condition[] {
  const addresses = readValues(query, 'email_address')
  const numbers = readValues(query, 'phone_number')
  const usernames = readValues(query, 'username')
  const externalIds = readChoice(query, 'external_id')
  const banned = readBoolean(query, 'banned')
  const text = query.get('query')
  const nameText = query.get('name_query')
  const addressText = query.get('email_address_query')
  const usernameText = query.get('username_query')
  const given = (value: unknown, condition: Condition) => (value == null ? [] : [condition])
  return [
    ...given(addresses, (user) => emailsOf(user).some((email) => addresses?.includes(email))),
    ...given(numbers, (user) => phonesOf(user).some((phone) => numbers?.includes(phone))),
    ...given(usernames, (user) => usernames?.includes(String(user['username'])) === true),
    ...given(query.get('external_id'), (user) =>
      isChosen(externalIds, String(user['external_id'])),
    ),
    ...given(banned, (user) => user['banned'] === banned),
    ...given(text, (user) => contains(text ?? '', ...searchedIn(user))),
    ...given(nameText, (user) => contains(nameText ?? '', user['first_name'], user['last_name'])),
    ...given(addressText, (user) => contains(addressText ?? '', ...emailsOf(user))),
    ...given(usernameText, (user) => contains(usernameText ?? '', user['username'])),
    ...readTimeConditions(query, 'last_active_at'),
    ...readTimeConditions(query, 'last_sign_in_at'),
  ]
}

function readTimeConditions(query: URLSearchParams, field: string): Condition[] {
  const before = readInteger(query, `${field}_before`)
  const after = readInteger(query, `${field}_after`)
  if (before === undefined && after === undefined) return []
  return [
    ({ [field]: time }) =>
      typeof time === 'number' && time < (before ?? Infinity) && time > (after ?? -Infinity),
  ]
}

function buildOrganizationCondition(store: Store, choice: Choice): Condition | undefined {
  if (choice.included === undefined && choice.excluded.length === 0) return undefined
  return (user) => {
    const ids = membershipsOfUser(store, user.id).map((membership) =>
      String(membership['organization_id']),
    )
    const isIncluded = choice.included?.some((id) => ids.includes(id)) ?? true
    return isIncluded && !choice.excluded.some((id) => ids.includes(id))
  }
}

function isWithin(user: ClerkObject, { createdAfter, createdBefore }: Walk): boolean {
  return (
    user.created_at > (createdAfter ?? -Infinity) && user.created_at < (createdBefore ?? Infinity)
  )
}

function emailsOf(user: ClerkObject): string[] {
  return (user['email_addresses'] as { email_address: string }[]).map(
    (email) => email.email_address,
  )
}

function phonesOf(user: ClerkObject): string[] {
  return (user['phone_numbers'] as { phone_number: string }[]).map((phone) => phone.phone_number)
}

function searchedIn(user: ClerkObject): unknown[] {
  const names = [user['username'], user['first_name'], user['last_name']]
  return [user.id, ...names, ...emailsOf(user), ...phonesOf(user)]
}
