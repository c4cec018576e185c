import type { Random } from '../random.ts'
import type { Scene } from '../scene.ts'

/** One kind of fault. */
export interface Fault {
  readonly kind: string
  /** Why it can't be played in this scene; undefined when it can. */
  readonly impossible?: (scene: Scene) => string | undefined
  /**
   * Plays it. Resolves when it has ended; what it broke may still be recovering.
   */
  readonly play: (scene: Scene, random: Random, wait: Wait) => Promise<void>
}

/** Waits for so many milliseconds, less when the run ends meanwhile. */
export type Wait = (ms: number) => Promise<void>

export const needsRedis = ({ redis }: Scene) => (redis ? undefined : 'the queue is in PostgreSQL')
export const noDisk = 'only root may mount a disk of its own'

/** How long a fault lasts, in milliseconds. */
export const aMoment = (random: Random) => random.between(500, 6_000)
