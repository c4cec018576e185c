import { buildSample } from '@clerk-sync/events/samples'

import type { EventType } from '@clerk-sync/events'

/** A webhook event as Clerk would send it, signature aside. */
export type WebhookEvent = ReturnType<typeof buildSample>

export interface Publisher {
  onEvent: (listener: (event: WebhookEvent) => void) => () => void
  publish: (type: EventType, data: Record<string, unknown>, at: number) => void
}

/** Creates what tells listeners of every change; `at` is the time of the change in ms. */
export function createPublisher(): Publisher {
  const listeners = new Set<(event: WebhookEvent) => void>()
  return {
    onEvent: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    publish: (type, data, at) => {
      if (listeners.size === 0) return
      // A later change of the world must not reach into an event that was sent before.
      const event = { ...buildSample(type, { now: at }), data: structuredClone(data) }
      for (const listener of listeners) listener(event)
    },
  }
}
