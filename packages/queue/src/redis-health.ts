import type { RedisFacts } from './redis-facts.ts'

/**
 * What keeps a Redis from being trusted with jobs now, with the cure, in one line; undefined: nothing.
 * What it does not say is not held against it: some who run Redis for others hide much.
 */
export function redisProblem(facts: RedisFacts): string | undefined {
  if (facts.isClusterDown) {
    return 'the Redis Cluster is down: some of its slots have no master; start the one that is missing'
  }
  if (facts.isReplica) return replica
  if (facts.evictionPolicy && facts.evictionPolicy !== 'noeviction') {
    return `Redis drops keys when it runs full (maxmemory-policy is ${facts.evictionPolicy}): set maxmemory-policy to noeviction`
  }
  return undefined
}

/** Why a Redis that answers refuses to write, with the cure; undefined where it is no such refusal. */
export function writeProblem(message: string, facts: RedisFacts | undefined): string | undefined {
  const [code = ''] = message.split(' ')
  switch (code) {
    case 'OOM':
      return `Redis is full${describeFullness(facts)} and takes no jobs: raise maxmemory`
    case 'READONLY':
      return replica
    case 'MISCONF':
      return "Redis can't write to its disk and takes no jobs: make room there; its log says more"
    case 'NOREPLICAS':
      return 'Redis has fewer replicas than min-replicas-to-write demands, and takes no jobs: start one'
    default:
      return undefined
  }
}

const replica = 'Redis is a replica and takes no jobs: set REDIS_URL to the primary'

function describeFullness(facts: RedisFacts | undefined): string {
  if (!facts || facts.maxBytes === 0) return ''
  return ` (${megabytes(facts.usedBytes)} of ${megabytes(facts.maxBytes)})`
}

/** A size for a person, as in 512 MB. */
export function megabytes(bytes: number): string {
  const value = bytes / 1024 / 1024
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} MB`
}
