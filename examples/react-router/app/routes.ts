import { index, route } from '@react-router/dev/routes'
import type { RouteConfig } from '@react-router/dev/routes'

export default [
  index('routes/home.tsx'),
  route('me', 'routes/me.tsx'),
  route('api/webhooks/clerk', 'routes/webhook.ts'),
] satisfies RouteConfig
