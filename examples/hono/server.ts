import { clerkMiddleware, getAuth } from '@clerk/hono'
import { serve } from '@hono/node-server'
import { createDatabase, ensureUser } from 'clerk-sync'
import { createWebhookHandler } from 'clerk-sync/webhooks'
import { Hono } from 'hono'

const db = createDatabase()
const webhooks = createWebhookHandler()

const app = new Hono()

// Before clerkMiddleware(): nobody is signed in there.
app.post('/api/webhooks/clerk', (c) => webhooks(c.req.raw))

app.use(clerkMiddleware())

app.get('/me', async (c) => {
  const { userId } = getAuth(c)
  if (!userId) return c.json({ error: 'not signed in' }, 401)
  const user = await ensureUser(db, c.get('clerk'), userId)
  if (!user) return c.json({ error: 'no such user' }, 403)
  return c.json({ id: user.id, firstName: user.first_name, email: user.primary_email_address })
})

const server = serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000) }, (address) => {
  console.log('listening on', address)
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    server.close(() => void Promise.all([webhooks.close(), db.close()]))
  })
}
