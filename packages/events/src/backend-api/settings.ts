import { hasProtocol, variable } from '@clerk-sync/ops'
import type { Variable } from '@clerk-sync/ops'
import { z } from 'zod'

const secretKeyExample = 'sk_live_<from the Clerk Dashboard, under API keys>'
const secretKey = z
  .string()
  .regex(/^sk_(test|live)_[\w$=-]+$/, 'must be a secret key of Clerk, sk_test_… or sk_live_…')
export const clerkSecretKey: Variable<string> = variable(secretKey, secretKeyExample)
export const optionalClerkSecretKey: Variable<string | undefined> = variable(
  secretKey.optional(),
  secretKeyExample,
)

const clerkApi = 'https://api.clerk.com'

/** Where Clerk's Backend API is, without the `/v1` that some copy with it, and without a slash at the end. */
export const clerkApiUrl: Variable<string> = variable(
  z
    .string()
    .refine(hasProtocol('https:', 'http:'), 'must be an https:// URL')
    .refine(hasNoLogin, 'must not have a user or a password')
    .refine(hasNoQuery, 'must not have a query or a fragment')
    .transform((text) => text.replace(/(\/+v1)?\/*$/, ''))
    .default(clerkApi),
  clerkApi,
)

function hasNoLogin(text: string): boolean {
  const url = URL.parse(text)
  // What is no URL at all is reported as such.
  return url === null || (url.username === '' && url.password === '')
}

function hasNoQuery(text: string): boolean {
  const url = URL.parse(text)
  return url === null || (url.search === '' && url.hash === '')
}
