import { clerkMiddleware } from '@clerk/astro/server'

// It protects no route by itself: the webhook stays public, and pages that need a user ask for one.
export const onRequest = clerkMiddleware()
