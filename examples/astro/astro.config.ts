import node from '@astrojs/node'
import clerk from '@clerk/astro'
import { defineConfig, envField } from 'astro/config'

export default defineConfig({
  output: 'server',
  adapter: node({ mode: 'standalone' }),
  integrations: [clerk()],
  env: {
    schema: {
      DATABASE_URL: envField.string({ context: 'server', access: 'secret' }),
      CLERK_WEBHOOK_SIGNING_SECRET: envField.string({ context: 'server', access: 'secret' }),
    },
  },
})
