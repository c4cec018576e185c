import { clerkClient, clerkMiddleware, getAuth } from '@clerk/express'
import { createDatabase, ensureUser } from 'clerk-sync'
import { clerkWebhooks } from 'clerk-sync/express'
import express from 'express'

const db = createDatabase()
const webhooks = clerkWebhooks()

const app = express()

// Before express.json(): Clerk signs the bytes of the body. Before clerkMiddleware(): nobody is signed in.
app.post('/api/webhooks/clerk', webhooks)

app.use(express.json())
app.use(clerkMiddleware())

app.get('/me', async (request, response) => {
  const { userId } = getAuth(request)
  if (!userId) {
    response.status(401).json({ error: 'not signed in' })
    return
  }
  const user = await ensureUser(db, clerkClient, userId)
  if (!user) {
    response.status(403).json({ error: 'no such user' })
    return
  }
  response.json({ id: user.id, firstName: user.first_name, email: user.primary_email_address })
})

const server = app.listen(Number(process.env.PORT ?? 3000), () => {
  console.log('listening on', server.address())
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    server.close(() => void Promise.all([webhooks.close(), db.close()]))
  })
}
