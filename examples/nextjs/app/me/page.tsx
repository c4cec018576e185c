import { auth, clerkClient } from '@clerk/nextjs/server'
import { ensureUser } from 'clerk-sync'
import { notFound } from 'next/navigation'
import { db } from '../../database'

export default async function Me() {
  const { userId } = await auth.protect()
  // The row is there even a second after the sign-up, when its event has not come yet.
  const user = await ensureUser(db, await clerkClient(), userId)
  if (!user) notFound()
  return (
    <main>
      <h1>{user.first_name}</h1>
      <p>{user.primary_email_address}</p>
    </main>
  )
}
