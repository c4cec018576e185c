import { clerkMiddleware } from '@clerk/nextjs/server'

// It protects no route by itself: pages that need a user call auth.protect().
export default clerkMiddleware()

export const config = {
  matcher: [
    // All pages, but neither Next.js' own files nor static ones.
    '/((?!_next|api|[^?]*\\.(?:html?|css|js(?!on)|jpe?g|webp|png|gif|svg|ttf|woff2?|ico|csv|docx?|xlsx?|zip|webmanifest)).*)',
    // All API routes but the webhook: Clerk's events are signed, and come without a session.
    '/api/((?!webhooks).*)',
  ],
}
