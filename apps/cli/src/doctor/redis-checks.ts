import { explainTls } from '@clerk-sync/ops'
import { inspectRedis, megabytes } from '@clerk-sync/queue'
import type { RedisAddress, RedisFacts } from '@clerk-sync/queue'
import { remember } from './check.ts'
import type { Check, Finding } from './check.ts'
import type { Quote } from './wording.ts'

const oldestVersion = [6, 2] as const
const crowdedRatio = 0.8
const inSettings = 'in redis.conf, or in the settings of whoever runs Redis for you'

/** Checks that the Redis of the queue answers, has room, and loses no job. */
export function redisChecks(address: RedisAddress, quote: Quote) {
  const inspect = remember(() => inspectRedis(address))
  const reachable: Check = {
    name: 'queue',
    run: async () => judgeServer(address, await inspect(), quote),
    onError: describeFailure,
  }
  const judges: [name: string, judge: (facts: RedisFacts) => Finding][] = [
    ['Redis eviction', (facts) => judgeEviction(facts, quote)],
    ['Redis memory', judgeMemory],
    ['Redis persistence', judgePersistence],
  ]
  const more = judges.map(([name, judge]): Check => ({
    name,
    needs: reachable,
    run: async () => judge(await inspect()),
    onError: describeFailure,
  }))
  return { reachable, more }
}

function judgeServer({ form }: RedisAddress, facts: RedisFacts, quote: Quote) {
  const { version = 'of unknown version', isReplica, servers } = facts
  const name = `Redis${form === 'cluster' ? ' Cluster' : ''} ${quote(version)}`
  if (isReplica) {
    return {
      status: 'problem',
      found: `${name} is a replica`,
      cause: 'a replica takes no jobs',
      cure: 'set REDIS_URL to the primary',
    } as const
  }
  if (facts.isClusterDown) {
    return {
      status: 'problem',
      found: `${name} is down, though ${servers} of its masters answer`,
      cause: 'some of its slots have no master, and then it takes no jobs at all',
      cure: 'start the master that is missing; "redis-cli cluster nodes" names it',
    } as const
  }
  if (facts.isClusterNode && form !== 'cluster') {
    return {
      status: 'warning',
      found: `${name} is a node of a cluster`,
      cause: 'the queue works only as long as this node holds all of its keys',
      cure: 'write redis+cluster:// in place of redis:// in REDIS_URL',
    } as const
  }
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isOld = major < oldestVersion[0] || (major === oldestVersion[0] && minor < oldestVersion[1])
  const many = form === 'cluster' ? ` with ${servers} masters` : ''
  if (!isOld) return { status: 'ok', found: `${name}${many} answers` } as const
  return {
    status: 'warning',
    found: `${name} is old`,
    cause: 'BullMQ, which keeps the queue, is tested with Redis 6.2 and newer',
    cure: 'upgrade Redis',
  } as const
}

function judgeEviction({ evictionPolicy }: RedisFacts, quote: Quote): Finding {
  if (evictionPolicy === 'noeviction') return { status: 'ok', found: 'noeviction' }
  if (evictionPolicy === undefined) return notInInfo('maxmemory_policy')
  return {
    status: 'problem',
    found: `maxmemory-policy is ${quote(evictionPolicy)}`,
    cause: 'a full Redis deletes events that ingest has acknowledged to Clerk',
    cure: `set maxmemory-policy to noeviction ${inSettings}`,
  }
}

function judgeMemory({ usedBytes, maxBytes }: RedisFacts): Finding {
  const used = megabytes(usedBytes)
  if (maxBytes === 0) return { status: 'ok', found: `${used} in use, without a limit` }
  const ratio = usedBytes / maxBytes
  const found = `${Math.round(ratio * 100)} % of ${megabytes(maxBytes)} in use`
  if (ratio <= crowdedRatio) return { status: 'ok', found }
  return {
    status: 'warning',
    found,
    cause: 'a full Redis takes no event and lets none be finished: ingest answers 503',
    cure: `raise maxmemory ${inSettings}; "waiting events" says whether events pile up`,
  }
}

function judgePersistence({ isAppendOnly }: RedisFacts): Finding {
  if (isAppendOnly === true) return { status: 'ok', found: 'append-only file' }
  if (isAppendOnly === undefined) return notInInfo('aof_enabled')
  return {
    status: 'warning',
    found: 'no append-only file',
    cause: 'what is in the queue when Redis stops is lost, and Clerk does not send it again',
    cure: `set appendonly to yes ${inSettings}`,
  }
}

function notInInfo(field: string): Finding {
  return {
    status: 'warning',
    found: 'unknown',
    cause: `INFO of this server has no ${field}`,
    cure: `look it up ${inSettings}`,
  }
}

function describeFailure(reason: string): Finding {
  return { status: 'problem', found: reason, ...explain(reason) }
}

function explain(reason: string): { cause: string; cure: string } {
  const tls = explainTls(reason, 'REDIS_URL')
  if (tls) return tls
  if (/\b(NOAUTH|WRONGPASS)\b|ERR (AUTH|invalid password)/.test(reason)) {
    return {
      cause: 'the server refuses the user or the password in REDIS_URL',
      cure: 'set it right, as in redis://:password@host:6379; @ : / # in it must be percent-encoded',
    }
  }
  if (reason.startsWith('NOPERM')) {
    return {
      cause: 'the user in REDIS_URL may not do what the queue needs',
      cure: 'give it the rights to all commands on the keys {clerk-sync}:*, and to INFO',
    }
  }
  if (reason.includes('DB index')) {
    return {
      cause: 'this Redis has no database of the number at the end of REDIS_URL',
      cure: 'set a number below its setting "databases", or none',
    }
  }
  if (reason.includes('cluster support disabled')) {
    return {
      cause: 'REDIS_URL names a cluster, but this Redis is none',
      cure: 'write redis:// with one host',
    }
  }
  if (reason.includes('sentinels are unreachable')) {
    return {
      cause: 'no sentinel in REDIS_URL answers, or none knows a primary of this name',
      cure: 'set it right, as in redis+sentinel://host:26379,host2:26379/mymaster',
    }
  }
  return {
    cause: 'nothing that answers is at the host and port in REDIS_URL, as seen from here',
    cure: 'start Redis, or set host, port and scheme right: rediss:// with TLS, redis:// without',
  }
}
