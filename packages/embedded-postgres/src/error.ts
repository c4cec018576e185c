export type EmbeddedPostgresErrorCode =
  | 'DATA_DIR_FOREIGN'
  | 'IN_USE'
  | 'INITDB_FAILED'
  | 'ORPHAN_SURVIVES'
  | 'PLATFORM_UNSUPPORTED'
  | 'PORT_TAKEN'
  | 'SETPRIV_MISSING'
  | 'START_FAILED'

/** Why the embedded server is not running; the message says what to do about it. */
export class EmbeddedPostgresError extends Error {
  readonly code: EmbeddedPostgresErrorCode

  constructor(code: EmbeddedPostgresErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'EmbeddedPostgresError'
    this.code = code
  }
}
