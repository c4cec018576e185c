/** Clerk refused the secret key: no request will succeed. */
export class SecretKeyRefusedError extends Error {
  readonly code = 'ERR_SECRET_KEY_REFUSED'
  override readonly name = 'SecretKeyRefusedError'
}

/** The instance or its plan has not what was asked for, such as organizations or billing. */
export class FeatureNotEnabledError extends Error {
  readonly code = 'ERR_FEATURE_NOT_ENABLED'
  override readonly name = 'FeatureNotEnabledError'
}

/** Clerk answered with an error that stays the same when the request is sent again. The message has Clerk's code. */
export class ApiRefusedError extends Error {
  readonly code = 'ERR_API_REFUSED'
  override readonly name = 'ApiRefusedError'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Clerk could not be reached, or not answer, for as long as it was tried. */
export class ApiUnavailableError extends Error {
  readonly code = 'ERR_API_UNAVAILABLE'
  override readonly name = 'ApiUnavailableError'
}
