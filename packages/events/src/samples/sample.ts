/**
 * What a sample is built from. Neighbouring entities take the entity's own `suffix`
 * (`user_<suffix>`, `org_<suffix>`), so samples that share a suffix belong together.
 */
export interface SampleContext {
  /** The entity's own id, which becomes `data.id`. */
  id: string
  /** The id without its prefix. */
  suffix: string
  /** A short lower-case form of the suffix for slugs and mail addresses. */
  tag: string
  /** When the entity came to be, in ms. */
  createdAt: number
  /** When the change happened that the event tells of, in ms. */
  updatedAt: number
}

/** How to build the `data` of one event type. */
export interface Sample {
  /** What Clerk puts before the KSUID in ids of this entity, without the underscore. */
  idPrefix: string
  build: (context: SampleContext) => Record<string, unknown>
}

/** The Clerk instance that all samples come from. */
export const instanceId = 'ins_37dGarPc7F10nTbG6FcCigurhfm'

export const dayMs = 24 * 60 * 60 * 1000

/** Clerk cuts `last_active_at` to the day. */
export function startOfDay(timeMs: number): number {
  return timeMs - (timeMs % dayMs)
}
