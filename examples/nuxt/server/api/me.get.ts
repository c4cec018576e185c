import { clerkClient } from '@clerk/nuxt/server'
import { ensureUser } from 'clerk-sync'

export default defineEventHandler(async (event) => {
  const { userId } = event.context.auth()
  if (!userId) throw createError({ statusCode: 401, message: 'not signed in' })
  // @ts-expect-error -- @clerk/nuxt 3.0.16 has types of its own copy of h3
  const clerk = clerkClient(event)
  // The row is there even a second after the sign-up, when its event has not come yet.
  const user = await ensureUser(db, clerk, userId)
  if (!user) throw createError({ statusCode: 403, message: 'no such user' })
  return { firstName: user.first_name, email: user.primary_email_address }
})
