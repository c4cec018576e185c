import { createWebhookHandler } from 'clerk-sync/webhooks'
import type { Route } from './+types/webhook'

const handler = createWebhookHandler({ databaseUrl: process.env.DATABASE_URL })

export const action = ({ request }: Route.ActionArgs) => handler(request)
