/** Who may use the console: these users, and these roles of one organization. */
export interface Allowed {
  readonly users: readonly string[]
  readonly organization: string | undefined
  readonly roles: readonly string[]
}

/** What a session token says of the one who is signed in. */
interface Claims {
  readonly userId: string
  /** The organization that is active in the session. */
  readonly orgId?: string | null | undefined
  readonly orgRole?: string | null | undefined
}

export function isAllowed(allowed: Allowed, { userId, orgId, orgRole }: Claims): boolean {
  if (allowed.users.includes(userId)) return true
  // Anyone may be the admin of an organization of their own: a role counts in this one only.
  if (allowed.organization === undefined || orgId !== allowed.organization) return false
  return !!orgRole && allowed.roles.includes(orgRole)
}
