import type { APIRoute } from 'astro'
import { CLERK_WEBHOOK_SIGNING_SECRET, DATABASE_URL } from 'astro:env/server'
import { createWebhookHandler } from 'clerk-sync/webhooks'

const handler = createWebhookHandler({
  databaseUrl: DATABASE_URL,
  signingSecret: CLERK_WEBHOOK_SIGNING_SECRET,
})

export const POST: APIRoute = ({ request }) => handler(request)
