import { clerkMiddleware } from '@clerk/tanstack-react-start/server'
import { createCsrfMiddleware, createStart } from '@tanstack/react-start'

export const startInstance = createStart(() => ({
  requestMiddleware: [
    // Of server functions only: the webhook is called from elsewhere, and signed.
    createCsrfMiddleware({ filter: ({ handlerType }) => handlerType === 'serverFn' }),
    // It protects no route by itself: the webhook stays public, and pages that need a user ask for one.
    clerkMiddleware(),
  ],
}))
