import type { FaultProxy } from '@clerk-sync/testing'
import type { Random } from '../random.ts'
import type { Scene } from '../scene.ts'
import { aMoment } from './fault.ts'
import type { Fault } from './fault.ts'

/** The ways of one process, or of all. */
function someLinks({ apps }: Scene, random: Random): readonly FaultProxy[] {
  return random.chance(0.3) ? apps.flatMap(({ links }) => links) : random.pick(apps).links
}

function onLinks(kind: string, fail: (link: FaultProxy, random: Random) => unknown): Fault {
  return {
    kind,
    async play(scene, random, wait) {
      const links = someLinks(scene, random)
      await Promise.all(links.map((link) => fail(link, random)))
      await wait(aMoment(random))
      await Promise.all(links.map((link) => link.heal()))
    },
  }
}

export const networkFaults: readonly Fault[] = [
  onLinks('connections cut', (link) => link.drop()),
  onLinks('connections cut and refused', (link) => link.cut()),
  onLinks('connections frozen', (link) => link.freeze()),
  onLinks('connections half open', (link) => link.forget()),
  onLinks('network delayed', (link, random) => link.delay(random.between(20, 400))),
]
