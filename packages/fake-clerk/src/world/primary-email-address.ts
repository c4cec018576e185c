import type { ClerkObject } from './clerk-object.ts'

/** The address that stands for a user in other objects, or null. */
export function primaryEmailAddress(user: ClerkObject): string | null {
  const addresses = user['email_addresses'] as { id: string; email_address: string }[]
  const primary = addresses.find(({ id }) => id === user['primary_email_address_id'])
  return primary?.email_address ?? null
}
