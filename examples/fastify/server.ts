import { clerkClient, clerkPlugin, getAuth } from '@clerk/fastify'
import { createDatabase, ensureUser } from 'clerk-sync'
import { clerkWebhooks } from 'clerk-sync/fastify'
import Fastify from 'fastify'

const db = createDatabase()

const app = Fastify({ logger: true })
app.addHook('onClose', () => db.close())

// POST /api/webhooks/clerk. Before clerkPlugin: nobody is signed in there.
app.register(clerkWebhooks)

app.register(clerkPlugin)

app.get('/me', async (request, reply) => {
  const { userId } = getAuth(request)
  if (!userId) return reply.code(401).send({ error: 'not signed in' })
  const user = await ensureUser(db, clerkClient, userId)
  if (!user) return reply.code(403).send({ error: 'no such user' })
  return { id: user.id, firstName: user.first_name, email: user.primary_email_address }
})

await app.listen({ host: process.env.HOST ?? '127.0.0.1', port: Number(process.env.PORT ?? 3000) })

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void app.close())
}
