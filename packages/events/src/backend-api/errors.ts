/** Clerk refused the secret key: no request will succeed. */
export class SecretKeyRefusedError extends Error {
  readonly code = 'ERR_SECRET_KEY_REFUSED'
  override readonly name = 'SecretKeyRefusedError'
}

/** The instance or its plan has not what was asked for, such as organizations or billing, and Clerk says so. */
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

/** The answer is a success, but not what Clerk's API answers: no JSON, no list, or a page once more. */
export class UnreadableAnswerError extends Error {
  readonly code = 'ERR_UNREADABLE_ANSWER'
  override readonly name = 'UnreadableAnswerError'
}

/** Clerk could not be reached, or not answer, for as long as it was tried. */
export class ApiUnavailableError extends Error {
  readonly code = 'ERR_API_UNAVAILABLE'
  override readonly name = 'ApiUnavailableError'
}

/**
 * Whether an error is about one list or one entity alone: with the same secret key another one may
 * still be read.
 */
export function isAboutOnePath(error: unknown): error is Error {
  return (
    error instanceof FeatureNotEnabledError ||
    error instanceof ApiRefusedError ||
    error instanceof UnreadableAnswerError ||
    error instanceof ApiUnavailableError
  )
}
