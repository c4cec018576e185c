import type { Writable } from 'node:stream'
import { Cluster, Redis } from 'ioredis'
import type { RedisClient } from './redis-connection.ts'

// A script and a write to the socket cost more than what they do for one event. So what is sent to Redis
// in one turn of the event loop goes out together: calls of one script as one, and all of it in one write, or
// in two where some of it was sent before the turn's end.

/** BullMQ's scripts that run once for every event: what ingest adds, and what a worker has done. */
const joinedScripts: readonly string[] = ['addStandardJob', 'moveToFinished']
// Redis does nothing else meanwhile, for 1 to 3 ms.
const callsAtOnce = 25

let tasks: (() => void)[] = []

/**
 * Starts a task at the end of this turn of the event loop, after those that were added before. Rejects with
 * what the task throws.
 */
export function atEndOfTurn<T>(task: () => T | Promise<T>): Promise<T> {
  return new Promise((resolve) => {
    const start = () => resolve(new Promise<T>((done) => done(task())))
    if (tasks.push(start) === 1) setImmediate(runTasks)
  })
}

// A task may add others: they are run in the same turn, as the last.
function runTasks(): void {
  for (const task of tasks) task()
  tasks = []
}

/**
 * Joins the writes of one turn to each socket of a client. With ioredis' own pipelines a command fails
 * and is sent again in other ways than alone.
 */
export function joinWrites(client: RedisClient): void {
  if (client instanceof Cluster) client.on('+node', joinWrites)
  else client.on('connect', () => corkInEachTurn(client.stream))
}

function corkInEachTurn(stream: Writable): void {
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean
  let isCorked = false
  stream.write = (...args: unknown[]) => {
    if (!isCorked) {
      isCorked = true
      stream.cork()
      void atEndOfTurn(() => {
        isCorked = false
        stream.uncork()
      })
    }
    return write(...args)
  }
}

type Args = readonly (string | number | Buffer | null | undefined)[]
type Script = (args: Args) => Promise<unknown>
/** On a client, or on a pipeline of its commands. */
type ScriptOf = (this: unknown, args: Args) => Promise<unknown>

interface Call {
  readonly args: Args
  readonly resolve: (reply: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * Joins the calls of one turn of each of BullMQ's scripts above. BullMQ defines them on the client by
 * their name and its version. Each call has the reply or the refusal that it would have alone; the message
 * of an error may begin in another way.
 */
export function joinScripts(client: RedisClient): void {
  const define = client.defineCommand.bind(client)
  const scripts = client as unknown as { [name: string]: ScriptOf }
  client.defineCommand = (name, definition) => {
    define(name, definition)
    const { lua, numberOfKeys } = definition
    const [scriptName = ''] = name.split(':')
    const script = scripts[name]
    if (!script || numberOfKeys === undefined || !joinedScripts.includes(scriptName)) return
    const joinedName = `${name}:joined`
    define(joinedName, { lua: joinedScript(lua, numberOfKeys) })
    const joined = scripts[joinedName] as ScriptOf
    const join = joinCalls({
      script: script.bind(client),
      joined: joined.bind(client),
      numberOfKeys,
      onError: (error) => reconnectAfter(client, error),
    })
    // ioredis calls the same function on a pipeline, which has its own order.
    scripts[name] = function callOrAdd(args) {
      return this === client ? join(args) : script.call(this, args)
    }
  }
}

// ioredis looks only at an error that is the whole reply.
function reconnectAfter(client: RedisClient, error: Error): void {
  if (client instanceof Redis && client.options.reconnectOnError?.(error)) client.disconnect(true)
}

interface Joined {
  readonly script: Script
  readonly joined: Script
  readonly numberOfKeys: number
  /** Called with the error of one of several calls. */
  readonly onError: (error: Error) => void
}

function joinCalls({ script, joined, numberOfKeys, onError }: Joined): Script {
  let calls: Call[] = []

  function sendAll(): void {
    const all = calls
    calls = []
    for (let start = 0; start < all.length; start += callsAtOnce) {
      void send(all.slice(start, start + callsAtOnce))
    }
  }

  async function send(some: readonly Call[]): Promise<void> {
    const [first, ...others] = some as readonly [Call, ...Call[]]
    try {
      if (others.length === 0) return first.resolve(await script(first.args))
      const args = some.map((call) => call.args)
      const replies = (await joined(joinedArgs(args, numberOfKeys))) as unknown[]
      for (const [at, { resolve, reject }] of some.entries()) {
        const reply = replies[at]
        if (!(reply instanceof Error)) {
          resolve(reply)
          continue
        }
        onError(reply)
        reject(reply)
      }
    } catch (error) {
      for (const { reject } of some) reject(error)
    }
  }

  return (args) =>
    new Promise((resolve, reject) => {
      if (calls.push({ args, resolve, reject }) === 1) void atEndOfTurn(sendAll)
    })
}

/**
 * The keys and arguments of the first call, and of the others those that are not the same string or number
 * in all. Each call of a script has as many.
 */
function joinedArgs(calls: readonly Args[], numberOfKeys: number): Args {
  const [first, ...others] = calls as readonly [Args, ...Args[]]
  const changing = [...first.keys()].filter((at) => others.some((args) => args[at] !== first[at]))
  const keysAt = changing.filter((at) => at < numberOfKeys)
  const argsAt = changing.filter((at) => at >= numberOfKeys)
  return [
    numberOfKeys + others.length * keysAt.length,
    ...first.slice(0, numberOfKeys),
    ...others.flatMap((args) => keysAt.map((at) => args[at])),
    calls.length,
    // Lua counts from 1.
    JSON.stringify(keysAt.map((at) => at + 1)),
    JSON.stringify(argsAt.map((at) => at + 1 - numberOfKeys)),
    first.length - numberOfKeys,
    ...first.slice(numberOfKeys),
    ...others.flatMap((args) => argsAt.map((at) => args[at])),
  ]
}

// An error of one call must not end the others. A reply of nil would end the list of replies.
function joinedScript(lua: string, numberOfKeys: number): string {
  return `local function run(KEYS, ARGV)
${lua}
end

local calls, keysAt, argsAt = tonumber(ARGV[1]), cjson.decode(ARGV[2]), cjson.decode(ARGV[3])
local lastKey, lastArg = ${numberOfKeys}, 4 + tonumber(ARGV[4])
local keys, args = { unpack(KEYS, 1, lastKey) }, { unpack(ARGV, 5, lastArg) }
local replies = {}
for call = 1, calls do
  if call > 1 then
    for _, at in ipairs(keysAt) do
      lastKey = lastKey + 1
      keys[at] = KEYS[lastKey]
    end
    for _, at in ipairs(argsAt) do
      lastArg = lastArg + 1
      args[at] = ARGV[lastArg]
    end
  end
  local isDone, reply = pcall(run, keys, args)
  if not isDone and type(reply) ~= 'table' then reply = { err = tostring(reply) } end
  replies[call] = reply or false
end
return replies
`
}
