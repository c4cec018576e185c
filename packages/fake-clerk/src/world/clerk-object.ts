/** An object as the Backend API shows it; the further fields are Clerk's own, in snake_case. */
export interface ClerkObject {
  object: string
  id: string
  created_at: number
  updated_at: number
  [field: string]: unknown
}

/** What a caller may set on creation or change: any field of the object but its id. */
export type Fields = Record<string, unknown>
