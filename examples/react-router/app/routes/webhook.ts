import { createWebhookHandler } from 'clerk-sync/webhooks'
import type { Route } from './+types/webhook'

const handler = createWebhookHandler()

export const action = ({ request }: Route.ActionArgs) => handler(request)
