import { defineEventHandler, toWebRequest } from 'h3'
import type { EventHandler } from 'h3'
import { createWebhookHandler } from './webhooks.ts'
import type { WebhookHandlerOptions } from './webhooks.ts'

/**
 * Creates the event handler of a server route of Nuxt, such as `server/routes/api/webhooks/clerk.post.ts`:
 * `export default clerkWebhooks()`.
 */
export function clerkWebhooks(options: WebhookHandlerOptions = {}): EventHandler {
  const handler = createWebhookHandler(options)
  return defineEventHandler((event) => handler(toWebRequest(event)))
}
