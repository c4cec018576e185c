/** What is needed of the application's own Clerk client; `createClerkClient()` of @clerk/backend fits. */
export interface ClerkUsers {
  readonly users: {
    /** `raw` is Clerk's JSON as it came. */
    getUser(userId: string): Promise<{ readonly raw: unknown }>
  }
}

/** Clerk did not answer in time. */
export class ClerkTimeoutError extends Error {
  readonly code = 'ERR_CLERK_TIMEOUT'
  override readonly name = 'ClerkTimeoutError'
}

/**
 * The user as Clerk has it now; undefined where Clerk has none of that id.
 *
 * @throws {ClerkTimeoutError} and what the client throws, but for status 404.
 */
export async function askClerk(
  clerk: ClerkUsers,
  userId: string,
  timeoutMs: number,
): Promise<{ readonly raw: unknown } | undefined> {
  // The client itself waits for minutes, and everybody who asks for this user waits with it.
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    reject(new ClerkTimeoutError(`Clerk did not answer within ${timeoutMs} ms`))
  }, timeoutMs)
  try {
    return await Promise.race([clerk.users.getUser(userId), late])
  } catch (error) {
    if (statusOf(error) === 404) return undefined
    throw error
  } finally {
    clearTimeout(timer)
  }
}

function statusOf(error: unknown): unknown {
  return error instanceof Error && 'status' in error ? error.status : undefined
}
