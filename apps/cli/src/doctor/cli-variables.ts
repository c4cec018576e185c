import { clerkApiUrl, optionalClerkSecretKey } from '@clerk-sync/events/backend-api'

/** What the commands read that no process does. */
export const cliVariables = {
  CLERK_SECRET_KEY: optionalClerkSecretKey,
  CLERK_API_URL: clerkApiUrl,
}
