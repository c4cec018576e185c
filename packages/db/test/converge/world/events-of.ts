import type { History } from '../history.ts'
import { actionsOf } from './actions.ts'
import { createWorld } from './world.ts'
import type { HistoryEvent } from './world.ts'

/** Lives through a history as Clerk would and returns its events in order; `run` is part of every id. */
export function eventsOf({ topics, steps }: History, run: string): HistoryEvent[] {
  const [first] = steps
  if (!first) return []
  const world = createWorld(run, first)
  const actions = actionsOf(topics)
  for (const step of steps) {
    world.now += step.tick
    world.step = step
    world.sent = 0
    actions[step.action % actions.length]?.(world)
  }
  return world.events
}
