import { clerkClient, getAuth } from '@clerk/react-router/server'
import { ensureUser } from 'clerk-sync'
import { redirect } from 'react-router'
import { db } from '../database.server'
import type { Route } from './+types/me'

export async function loader(args: Route.LoaderArgs) {
  const { userId } = await getAuth(args)
  if (!userId) throw redirect('/')
  // The row is there even a second after the sign-up, when its event has not come yet.
  const user = await ensureUser(db, clerkClient(args), userId)
  if (!user) throw new Response('no such user', { status: 403 })
  return { firstName: user.first_name, email: user.primary_email_address }
}

export default function Me({ loaderData }: Route.ComponentProps) {
  return (
    <main>
      <h1>{loaderData.firstName}</h1>
      <p>{loaderData.email}</p>
    </main>
  )
}
