import { createWebhookHandler } from 'clerk-sync/webhooks'

export const POST = createWebhookHandler()
