import { ClerkProvider } from '@clerk/react-router'
import { clerkMiddleware, rootAuthLoader } from '@clerk/react-router/server'
import { Links, Meta, Outlet, Scripts } from 'react-router'
import type { Route } from './+types/root'

// It protects no route by itself: the webhook stays public, and pages that need a user ask for one.
export const middleware: Route.MiddlewareFunction[] = [clerkMiddleware()]

export const loader = (args: Route.LoaderArgs) => rootAuthLoader(args)

export default function App({ loaderData }: Route.ComponentProps) {
  return (
    <html lang="en">
      <head>
        <Meta />
        <Links />
      </head>
      <body>
        <ClerkProvider loaderData={loaderData}>
          <Outlet />
        </ClerkProvider>
        <Scripts />
      </body>
    </html>
  )
}
