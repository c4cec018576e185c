import { eventTypes } from '@clerk-sync/events'
import { buildSample } from '@clerk-sync/events/samples'
import type { Random } from './random.ts'

interface Tree {
  [key: string]: unknown
}

/** A body, and the svix-id that it is signed with. */
export interface OddEvent {
  readonly svixId: string
  readonly body: string
}

// JSON that no JavaScript value becomes, such as 1e400, stands in the event as a text of its number.
const placeOf = (number: number) => `@json ${number}@`
const places = /"@json (\d+)@"/g

const nested = (open: string, levels: number, close: string) =>
  `${open.repeat(levels)}${close.repeat(levels)}`

/** JSON texts that may stand where any value stands. */
const oddValues: readonly [(random: Random) => string, ...((random: Random) => string)[]] = [
  () => 'null',
  () => 'true',
  () => '""',
  () => '[]',
  () => '{}',
  ({ pick }) =>
    pick(['0', '-0', '-1', '1.5', '1e400', '-1e400', '5e-324', '9007199254740993', '1E+2', '1.0']),
  ({ pick }) =>
    pick(['-62135596800000', '8640000000000001', '253402300800000', '1e15', '-1795885963357']),
  ({ below }) => '9'.repeat(1 + below(400)),
  ({ pick }) =>
    pick([
      String.raw`"\u0000"`,
      String.raw`"\ud83d"`,
      String.raw`"\udc00x\u0000"`,
      String.raw`"\u0026 \/ \" \\ "`,
      '"👩‍🚀\u2028"',
      '"\u00e9\u0301"',
      '"2026-11-28T00:00:00Z"',
      '"NaN"',
      '"-1"',
      '"true"',
    ]),
  ({ pick, below }) => `"${pick(['x', 'ä', '\\u0000', '👩‍🚀']).repeat(1 + below(6_000))}"`,
  ({ pick }) =>
    pick([
      '{"__proto__":{"admin":true}}',
      '{"constructor":{"prototype":{"x":1}}}',
      '{"toString":1,"toJSON":2,"then":3,"length":-1}',
      '{"":{"":""}}',
      '{"a":1,"a":2}',
      '{"b":1,"10":2,"2":3}',
      String.raw`{"\u0000":1,"\ud83d":2}`,
    ]),
  ({ below }) => nested('[', 1 + below(4_500), ']'),
  ({ below }) => `${'{"a":'.repeat(1 + below(1_500))}1${'}'.repeat(0)}`,
  ({ below }) => {
    const levels = 1 + below(1_400)
    return `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
  },
  ({ below, pick }) => {
    const item = pick(['0', '{}', '[]', '"x"', 'null', '{"id":"idn_x"}', '[[{"id":"x"}]]'])
    return `[${Array.from({ length: 1 + below(pick([3, 300, 20_000])) }, () => item).join(',')}]`
  },
  ({ below, pick }) =>
    `{${Array.from({ length: 1 + below(pick([3, 300, 20_000])) }, (_, key) => `"k${key}":1`).join(',')}}`,
]

const oddKeys = [
  '__proto__',
  'constructor',
  '',
  'a.b',
  '\0',
  '\ud83d',
  'k'.repeat(2_000),
  '0',
  'then',
] as const
const oddSvixIds = [
  '123',
  '-5',
  '0',
  'a:b',
  'a:b:c',
  '0:1',
  'é',
  'x'.repeat(300),
  'msg 1',
  '007',
  '{x}',
] as const

/** Builds an event that is like one of Clerk's, but for a few odd things in it. */
export function buildOddEvent(random: Random): OddEvent {
  const { below, pick, chance } = random
  const type = pick(
    eventTypes as readonly [(typeof eventTypes)[number], ...(typeof eventTypes)[number][]],
  )
  const event = structuredClone(buildSample(type)) as unknown as Tree
  const texts: string[] = []
  const oddValue = () => placeOf(texts.push(pick(oddValues)(random)) - 1)
  for (let changes = 1 + below(4); changes > 0; changes -= 1) changeOne(event, random, oddValue)
  const json = JSON.stringify(event).replaceAll(
    places,
    (_, number: string) => texts[Number(number)] ?? 'null',
  )
  const svixId = chance(3)
    ? `${pick(oddSvixIds)}${below(2 ** 30)}`
    : `msg_${below(2 ** 30).toString(36)}${below(2 ** 30).toString(36)}`
  return { svixId, body: chance(5) ? brokenText(json, random) : json }
}

function changeOne(event: Tree, { below, pick, chance }: Random, oddValue: () => unknown): void {
  let parent = (chance(80) ? event['data'] : event) as Tree
  if (typeof parent !== 'object' || parent === null) parent = event
  let key = keyIn(parent, below)
  while (chance(50)) {
    const child = parent[key]
    if (typeof child !== 'object' || child === null || Object.keys(child).length === 0) break
    parent = child as Tree
    key = keyIn(parent, below)
  }
  const kind = below(10)
  if (kind === 0) delete parent[key]
  else if (kind === 1) parent[pick(oddKeys)] = oddValue()
  else if (kind === 2) parent[key] = [parent[key], oddValue()]
  else if (kind === 3) parent[key] = { id: parent[key], nested: parent[key] }
  else parent[key] = oddValue()
}

function keyIn(tree: Tree, below: Random['below']): string {
  const keys = Object.keys(tree)
  return keys[below(keys.length)] ?? 'id'
}

function brokenText(json: string, { below, pick }: Random): string {
  const broken: [() => string, ...(() => string)[]] = [
    () => json.slice(0, below(json.length)),
    () => `\uFEFF${json}`,
    () => `${json}\n`,
    () => `[${json}]`,
    () => json.replace('"type"', '"Type"'),
    () => JSON.stringify(json),
    () => `${json}${json}`,
    () => '',
  ]
  return pick(broken)()
}
