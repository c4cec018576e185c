import { createFileRoute } from '@tanstack/react-router'
import { createWebhookHandler } from 'clerk-sync/webhooks'

const handler = createWebhookHandler()

export const Route = createFileRoute('/api/webhooks/clerk')({
  server: { handlers: { POST: ({ request }) => handler(request) } },
})
