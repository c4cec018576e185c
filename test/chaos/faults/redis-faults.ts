import type { Redis } from '../redis.ts'
import type { Scene } from '../scene.ts'
import { aMoment, needsRedis, noDisk } from './fault.ts'
import type { Fault, Wait } from './fault.ts'
import type { Random } from '../random.ts'

function onRedis(
  kind: string,
  play: (redis: Redis, wait: Wait, random: Random, scene: Scene) => Promise<void>,
): Fault {
  return {
    kind,
    impossible: needsRedis,
    async play(scene, random, wait) {
      if (scene.redis) await play(scene.redis, wait, random, scene)
    },
  }
}

const diskFull = onRedis('disk of Redis full', async ({ disk }, wait, random) => {
  disk?.fill()
  await wait(aMoment(random))
  disk?.free()
})

export const redisFaults: readonly Fault[] = [
  onRedis('Redis killed', async (redis, wait, random) => {
    await redis.kill()
    await wait(random.between(0, 3_000))
    await redis.restart()
  }),
  onRedis('Redis restarted', async (redis) => {
    await redis.terminate()
    await redis.restart()
  }),
  onRedis('Redis stopped and continued', async (redis, wait, random) => {
    redis.signal('SIGSTOP')
    await wait(aMoment(random))
    redis.signal('SIGCONT')
  }),
  onRedis('Redis at maxmemory', async (redis, wait, random) => {
    await redis.run('CONFIG', 'SET', 'maxmemory', '1mb')
    await wait(aMoment(random))
    await redis.run('CONFIG', 'SET', 'maxmemory', '0')
  }),
  {
    ...diskFull,
    impossible: (scene) => needsRedis(scene) ?? (scene.redis?.disk ? undefined : noDisk),
  },
  onRedis('Redis lost and empty', async (redis, wait, _random, { apps, redisLosses }) => {
    const workers = apps.filter(({ role }) => role === 'worker')
    const askedAt = Date.now()
    const areReady = await Promise.all(apps.map((app) => app.isReady()))
    const witnesses = apps.filter((_, index) => areReady[index])
    // So that there is something to lose.
    for (const worker of workers) worker.signal('SIGSTOP')
    await wait(2_000)
    await redis.lose()
    redisLosses.push({ at: Date.now(), witnesses, askedAt })
    for (const worker of workers) worker.signal('SIGCONT')
  }),
]
