/** One error as Clerk writes it (schema ClerkError of the Backend API). */
export interface ClerkError {
  message: string
  long_message: string
  code: string
  meta?: Record<string, unknown>
}

/**
 * An answer other than 200. Codes and texts are those of Clerk's list of errors
 * (clerk.com/docs/guides/development/errors/backend-api).
 */
export class Refusal extends Error {
  override name = 'Refusal'
  readonly status: number
  readonly error: ClerkError

  constructor(status: number, error: ClerkError) {
    super(error.long_message)
    this.status = status
    this.error = error
  }
}

export const headerMissing = new Refusal(401, {
  message: 'Invalid Authorization header format',
  long_message: "Invalid Authorization header format. Must be 'Bearer <YOUR_API_KEY>'",
  code: 'authorization_header_format_invalid',
})

const keyMessage =
  'The provided Clerk Secret Key is invalid. Make sure that your Clerk Secret Key is correct.'

export const keyInvalid = new Refusal(401, {
  message: keyMessage,
  long_message: keyMessage,
  code: 'clerk_key_invalid',
})

export const organizationsDisabled = new Refusal(403, {
  message: 'access denied',
  long_message:
    'The organizations feature is not enabled for this instance. You can enable it at https://dashboard.clerk.com.',
  code: 'organization_not_enabled_in_instance',
})

export const billingDisabled = new Refusal(403, {
  message: 'access denied',
  long_message:
    'The billing feature is not enabled for this instance. You can enable it at https://dashboard.clerk.com.',
  code: 'billing_not_enabled',
})

/** The answer for an id that nobody knows; `kind` is the object's name in words. */
export function notFound(kind: string, id: string): Refusal {
  return new Refusal(404, {
    message: 'not found',
    long_message: `No ${kind} was found with id ${id}`,
    code: 'resource_not_found',
  })
}

/** The answer for a parameter's value that the endpoint doesn't take. */
export function invalidParameter(name: string, reason: string): Refusal {
  return new Refusal(422, {
    message: 'is invalid',
    long_message: reason,
    code: 'form_param_value_invalid',
    meta: { param_name: name },
  })
}

/** The answer for parameters of which at least one is needed. */
export function missingParameters(names: string[]): Refusal {
  return new Refusal(422, {
    message: 'at least one parameter must be provided',
    long_message: `at least one of \`${names.join(', ')}\` must be provided`,
    code: 'form_param_missing',
    meta: { param_names: names },
  })
}

/** The answer for what Clerk can do and the fake can't; no client should ever see it. */
export function notImplemented(what: string): Refusal {
  return new Refusal(501, {
    message: 'not implemented',
    long_message: `The fake Clerk doesn't implement ${what}`,
    code: 'fake_clerk_not_implemented',
  })
}

/** The answer for calls that come too fast. */
export const tooManyRequests = new Refusal(429, {
  message: 'Too many requests',
  long_message: 'Too many requests. Please try again in a bit.',
  code: 'too_many_requests',
})

/** The answer for a failure on Clerk's side. */
export function internalError(status: number): Refusal {
  return new Refusal(status, {
    message: 'Oops, an unexpected error occurred',
    long_message:
      "There was an internal error on our servers. We've been notified and are working on fixing it.",
    code: 'internal_clerk_error',
  })
}
