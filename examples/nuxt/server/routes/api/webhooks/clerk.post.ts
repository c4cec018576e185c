import { clerkWebhooks } from 'clerk-sync/nuxt'

export default clerkWebhooks()
