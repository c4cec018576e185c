import { createWebhookHandler } from 'clerk-sync/webhooks'

export const POST = createWebhookHandler({ databaseUrl: process.env.DATABASE_URL })
