import { jobStates, readQueueDepth, watchOldestWaiting } from '@clerk-sync/queue'
import type { OpenQueue } from '@clerk-sync/queue'
import { html } from '../html.ts'
import { badge, duration, number, table } from '../page-parts.ts'
import { replayPath } from '../render-page.ts'
import type { HomeSection } from './home-routes.ts'

const meanings = {
  waiting: 'for a worker',
  active: 'in a worker',
  delayed: 'until the next attempt',
  failed: 'until someone replays them',
}

/** How many jobs are in the queue, by state. */
export function createQueueSection(queue: OpenQueue): HomeSection {
  const readAge = watchOldestWaiting(queue)
  return {
    id: 'queue',
    title: 'Queue',
    async render() {
      const [depth, oldestMs] = await Promise.all([readQueueDepth(queue), readAge()])
      return html`<p>
          ${
            depth.waiting === 0
              ? badge('good', 'nothing waits')
              : `The oldest waiting job has waited for ${duration(oldestMs)}.`
          }
        </p>
        ${table({
          label: 'Jobs by state',
          columns: [{ title: 'State' }, { title: 'Jobs', isNumber: true }],
          rows: jobStates.map((state) => [`${state} ${meanings[state]}`, number(depth[state])]),
        })}
        ${depth.failed > 0 && html`<p><a href="${replayPath}">Replay failed jobs</a></p>`}`
    },
  }
}
