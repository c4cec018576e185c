/** What a jsonb column holds. Numbers have the 15 digits of JavaScript; read larger ones in SQL as text. */
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject

export interface JsonObject {
  [key: string]: JsonValue | undefined
}

/** A row of clerk.users. docs/tables.md says what each column holds. */
export interface User {
  id: string
  external_id: string | null
  username: string | null
  first_name: string | null
  last_name: string | null
  image_url: string | null
  primary_email_address: string | null
  primary_phone_number: string | null
  public_metadata: JsonValue
  unsafe_metadata: JsonValue
  private_metadata: JsonValue
  banned: boolean | null
  locked: boolean | null
  deprovisioned: boolean | null
  last_sign_in_at: Date | null
  created_at: Date | null
  updated_at: Date
  deleted_at: Date | null
  synced_at: Date
  event_occurred_at: Date
  event_id: string
}
