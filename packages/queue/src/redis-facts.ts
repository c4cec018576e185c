/** How a Redis is set up and fares, as it says itself; undefined where it does not say. */
export interface RedisFacts {
  /** How many servers were asked: in a cluster the masters that could be found, else one. */
  readonly servers: number
  /** The oldest one of a cluster. */
  readonly version: string | undefined
  /** A replica takes no jobs. */
  readonly isReplica: boolean
  /** One that is wrong, if any server has one. */
  readonly evictionPolicy: string | undefined
  /** Of the fullest server. */
  readonly usedBytes: number
  /** Of the same server; 0 without a limit. */
  readonly maxBytes: number
  /** Whether every server has an append-only file. */
  readonly isAppendOnly: boolean | undefined
  /** Such a server wants a client that knows the whole cluster. */
  readonly isClusterNode: boolean
  /** A cluster that is down takes no job, although its servers answer. */
  readonly isClusterDown: boolean
}

/** What one server says in reply to INFO. */
export function parseRedisInfo(info: string): RedisFacts {
  const fields = new Map(
    info.split(/\r?\n/).map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 1)]
    }),
  )
  const appendOnly = fields.get('aof_enabled')
  return {
    servers: 1,
    version: fields.get('redis_version'),
    isReplica: fields.get('role') === 'slave',
    evictionPolicy: fields.get('maxmemory_policy'),
    usedBytes: Number(fields.get('used_memory') ?? 0),
    maxBytes: Number(fields.get('maxmemory') ?? 0),
    isAppendOnly: appendOnly === undefined ? undefined : appendOnly === '1',
    // Dragonfly only plays a cluster of one.
    isClusterNode: fields.get('cluster_enabled') === '1' && !fields.has('dragonfly_version'),
    isClusterDown: false,
  }
}

/** One answer for several servers: the worst that any of them says. At least one is needed. */
export function joinRedisFacts([first, ...others]: readonly [RedisFacts, ...RedisFacts[]]) {
  return others.reduce(joinTwo, first)
}

function joinTwo(one: RedisFacts, other: RedisFacts): RedisFacts {
  const { usedBytes, maxBytes } = fullness(other) > fullness(one) ? other : one
  return {
    servers: one.servers + other.servers,
    version: olderOf(one.version, other.version),
    isReplica: one.isReplica || other.isReplica,
    evictionPolicy: one.evictionPolicy === 'noeviction' ? other.evictionPolicy : one.evictionPolicy,
    usedBytes,
    maxBytes,
    isAppendOnly: one.isAppendOnly === true ? other.isAppendOnly : one.isAppendOnly,
    isClusterNode: one.isClusterNode || other.isClusterNode,
    isClusterDown: one.isClusterDown || other.isClusterDown,
  }
}

// A server with a limit can be full; among those without one the biggest counts.
function fullness({ usedBytes, maxBytes }: RedisFacts): number {
  return maxBytes > 0 ? 1 + usedBytes / maxBytes : usedBytes / Number.MAX_SAFE_INTEGER
}

function olderOf(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return one.localeCompare(other, 'en', { numeric: true }) <= 0 ? one : other
}
