import { errorMessage, variable } from '@clerk-sync/ops'
import type { Variable } from '@clerk-sync/ops'
import { z } from 'zod'
import { parseSigningSecrets } from './signing-secret.ts'
import type { SigningSecret } from './signing-secret.ts'

/** CLERK_WEBHOOK_SIGNING_SECRET: one or several signing secrets. Any of them may sign. */
export const webhookSigningSecret: Variable<SigningSecret[]> = variable(
  z.string().transform(toSecrets),
  'whsec_c2VjcmV0IGZyb20gdGhlIENsZXJrIGRhc2hib2FyZA==',
  // As guides and older versions of Clerk's documentation name it.
  [
    'CLERK_WEBHOOK_SECRET',
    'CLERK_WEBHOOK_SIGNING_KEY',
    'CLERK_WEBHOOK_SECRET_KEY',
    'CLERK_SIGNING_SECRET',
    'CLERK_SIGNING_KEY',
    'WEBHOOK_SIGNING_SECRET',
    'WEBHOOK_SECRET',
    'SIGNING_SECRET',
    'SVIX_WEBHOOK_SECRET',
    'SVIX_SECRET',
  ],
)

function toSecrets(text: string, context: z.RefinementCtx): SigningSecret[] {
  try {
    return parseSigningSecrets(text)
  } catch (error) {
    context.addIssue({ code: 'custom', message: `is wrong: ${errorMessage(error)}` })
    return z.NEVER
  }
}
