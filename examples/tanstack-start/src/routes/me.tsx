import { auth, clerkClient } from '@clerk/tanstack-react-start/server'
import { createFileRoute, notFound, redirect } from '@tanstack/react-router'
import { createServerFn } from '@tanstack/react-start'
import { ensureUser } from 'clerk-sync'
import { db } from '../database.server'

const readMe = createServerFn().handler(async () => {
  const { userId } = await auth()
  if (!userId) throw redirect({ to: '/' })
  // The row is there even a second after the sign-up, when its event has not come yet.
  const user = await ensureUser(db, clerkClient(), userId)
  if (!user) throw notFound()
  return { firstName: user.first_name, email: user.primary_email_address }
})

export const Route = createFileRoute('/me')({
  loader: () => readMe(),
  component: Me,
  notFoundComponent: () => <p>There is no such user.</p>,
})

function Me() {
  const { firstName, email } = Route.useLoaderData()
  return (
    <main>
      <h1>{firstName}</h1>
      <p>{email}</p>
    </main>
  )
}
