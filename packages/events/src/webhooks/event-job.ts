import { toNumber, toTime } from '../entities/column-types.ts'
import { longestId } from '../entities/entity.ts'
import { isClerkObject, readConcerned } from '../entities/column.ts'
import type { ChildTable, ClerkObject, Column, Entity } from '../entities/entity.ts'
import { holdsExactNumber, parseJson, wellFormed } from '@clerk-sync/ops'
import type { Effect, Kept } from '../entities/kept.ts'
import { findExcess } from './json-limits.ts'
import type { Excess } from './json-limits.ts'

/** What Clerk sends for one event, as far as it is the same for every type. */
export interface Envelope {
  type: string
  data: { [field: string]: unknown }
  /** When the event occurred, in milliseconds. Old messages lack it. */
  timestamp?: number | undefined
  instance_id?: string | undefined
  /** The request that caused the event. */
  event_attributes?: { http_request?: HttpRequest | undefined } | undefined
}

interface HttpRequest {
  client_ip?: string | undefined
  user_agent?: string | undefined
}

/** The event as the queue keeps it. It holds only what the tables keep. Times are in milliseconds. */
export interface EventJob {
  svixId: string
  type: string
  occurredAt: number
  receivedAt: number
  /** Absent when the event named no entity. */
  entityId?: string | undefined
  /** The user whom the event concerns. */
  userId?: string | undefined
  /** The organization that the event concerns. */
  organizationId?: string | undefined
  /** Where the user's own request came from. Absent unless it is kept. */
  clientIp?: string | undefined
  userAgent?: string | undefined
  /** Clerk's object with the kept fields only. Absent when the event writes no row. */
  data?: { [field: string]: unknown } | undefined
  /**
   * The JSON text of `data` where it has a number that JSON.parse would change: the queue parses what it
   * stores. Older releases read `data`.
   */
  exactData?: string | undefined
}

/** One delivery. `svixTimestamp` is its time in seconds, `receivedAt` its arrival in milliseconds. */
export interface Delivery {
  svixId: string
  svixTimestamp: number
  receivedAt: number
}

// A user agent has no limit of its own, and the ledger keeps one per event.
const longestRequestField = 512
const longestType = 200

/** What a receiver takes. */
export interface ReceiverRules {
  /** Events of another instance are passed over; undefined: there is only one. */
  readonly instanceId: string | undefined
  readonly kept: Kept
}

/** What a verified body is: an event to be written, one that is passed over, or none. */
export type ReadEvent =
  | { readonly kind: 'event'; readonly type: string; readonly job: EventJob }
  | { readonly kind: 'left_out'; readonly type: string }
  | { readonly kind: 'other_instance'; readonly type: string; readonly instanceId: string }
  | { readonly kind: 'invalid'; readonly reason: 'no_event' | Excess }

/** Reads the bytes of a verified delivery. It never throws. */
export function readEvent(
  { instanceId, kept }: ReceiverRules,
  body: Buffer,
  delivery: Delivery,
): ReadEvent {
  const excess = findExcess(body)
  if (excess) return { kind: 'invalid', reason: excess }
  const envelope = parseEnvelope(body)
  if (!envelope || delivery.svixId.length > longestId)
    return { kind: 'invalid', reason: 'no_event' }
  // Old messages that are sent again name no instance.
  const { type, instance_id: named = instanceId } = envelope
  if (instanceId !== undefined && named !== undefined && named !== instanceId) {
    return { kind: 'other_instance', type, instanceId: named.slice(0, longestId) }
  }
  const job = buildEventJob(kept, envelope, delivery)
  return job ? { kind: 'event', type, job } : { kind: 'left_out', type }
}

/** The event in a verified body, or undefined when the body is not an event. */
export function parseEnvelope(body: Buffer): Envelope | undefined {
  let json: unknown
  try {
    json = parseJson(body.toString('utf8'))
  } catch {
    return undefined
  }
  if (!isClerkObject(json)) return undefined
  const { type, data, timestamp, instance_id, event_attributes } = json
  if (!isText(type, longestType) || !isClerkObject(data)) return undefined
  return present({
    type,
    data,
    timestamp: toMilliseconds(timestamp),
    instance_id: textOf(instance_id),
    event_attributes: attributesOf(event_attributes),
  })
}

function attributesOf(attributes: unknown): Envelope['event_attributes'] {
  if (!isClerkObject(attributes)) return undefined
  const { http_request: request } = attributes
  if (!isClerkObject(request)) return {}
  const { client_ip, user_agent } = request
  return {
    http_request: present({ client_ip: textOf(client_ip), user_agent: textOf(user_agent) }),
  }
}

/**
 * The job of a verified event, or undefined when its entity is left out. For an event without a time,
 * the time of the delivery counts.
 */
export function buildEventJob(
  kept: Kept,
  envelope: Envelope,
  { svixId, svixTimestamp, receivedAt }: Delivery,
): EventJob | undefined {
  const { type, data, timestamp } = envelope
  const effect = kept.effectOf(type)
  if (effect.action === 'leave') return undefined
  const job = wellFormed({
    svixId,
    type,
    occurredAt: timestamp ?? svixTimestamp * 1000,
    receivedAt,
    ...present({
      entityId: textOf(data['id']) || undefined,
      ...concernedBy(effect, data),
      ...requestOf(kept, effect, envelope),
      data: effect.action === 'upsert' ? minimise(effect.entity, data) : undefined,
    }),
  })
  return holdsExactNumber(job.data) ? { ...job, exactData: JSON.stringify(job.data) } : job
}

/** The job in `job.data`, or undefined when that is not an event's job. */
export function parseEventJob(data: unknown): EventJob | undefined {
  if (!isClerkObject(data) || !isJob(data)) return undefined
  const { exactData } = data
  return present({
    svixId: data.svixId,
    type: data.type,
    occurredAt: data.occurredAt,
    receivedAt: data.receivedAt,
    entityId: data.entityId,
    userId: data.userId,
    organizationId: data.organizationId,
    clientIp: data.clientIp,
    userAgent: data.userAgent,
    data: exactData === undefined ? data.data : (parseData(exactData) ?? data.data),
  })
}

// By hand: a schema library takes ten times as long, and this is asked for every event.
function isJob(job: { [K in keyof EventJob]?: unknown }): job is EventJob {
  return (
    isText(job.svixId) &&
    isText(job.type) &&
    isCount(job.occurredAt) &&
    isCount(job.receivedAt) &&
    (job.entityId === undefined || typeof job.entityId === 'string') &&
    (job.userId === undefined || isText(job.userId, longestId)) &&
    (job.organizationId === undefined || isText(job.organizationId, longestId)) &&
    (job.clientIp === undefined || isText(job.clientIp, longestRequestField)) &&
    (job.userAgent === undefined || isText(job.userAgent, longestRequestField)) &&
    (job.data === undefined || isClerkObject(job.data)) &&
    (job.exactData === undefined || typeof job.exactData === 'string')
  )
}

const isText = (value: unknown, longest = Infinity): value is string =>
  typeof value === 'string' && value !== '' && value.length <= longest

const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0

function parseData(text: string): EventJob['data'] {
  try {
    const data = parseJson(text)
    return isClerkObject(data) ? data : undefined
  } catch {
    return undefined
  }
}

// Clerk documents milliseconds, but its catalogue's examples have seconds. A time that PostgreSQL can't
// store counts as absent.
function toMilliseconds(timestamp: unknown): number | undefined {
  const number = toNumber(timestamp)
  const isSeconds = typeof timestamp !== 'string' && number < 1e11
  const time = toTime(isSeconds ? number * 1000 : number)
  return time === null || time < 0 ? undefined : time
}

type Recorded = Exclude<Effect, { action: 'leave' }>

function concernedBy(effect: Recorded, data: Envelope['data']) {
  const concerns = effect.action === 'record' ? effect.concerns : effect.entity.concerns
  const { user, organization } = readConcerned(concerns, data)
  return { userId: boundedId(user), organizationId: boundedId(organization) }
}

function requestOf(kept: Kept, effect: Recorded, { event_attributes }: Envelope) {
  if (effect.action === 'record' || !effect.entity.requestedByUser) return {}
  const request = event_attributes?.http_request
  const { client_ip, user_agent } = kept.requestFields
  return {
    clientIp: client_ip ? cut(request?.client_ip) : undefined,
    userAgent: user_agent ? cut(request?.user_agent) : undefined,
  }
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : undefined)

const boundedId = (id: string | undefined) => (id && id.length <= longestId ? id : undefined)

const cut = (text: string | undefined) => text?.slice(0, longestRequestField) || undefined

function present<T extends object>(fields: T): T {
  const some: Partial<T> = {}
  for (const key in fields) if (fields[key] !== undefined) some[key] = fields[key]
  return some as T
}

/** `true` keeps the value whole, a tree only the named fields of an object or of each in a list. */
type KeptFields = true | Tree
interface Tree {
  readonly isList: boolean
  readonly fields: Map<string, KeptFields>
}

const keptByEntity = new WeakMap<Entity, KeptFields>()

/**
 * Clerk's object with only the fields that the entity's columns read; everything else is left behind. In
 * place of something else than the object or the list that belongs there is `false`.
 */
export function minimise(entity: Entity, data: ClerkObject): ClerkObject {
  let kept = keptByEntity.get(entity)
  if (!kept) keptByEntity.set(entity, (kept = keptFields(entity)))
  return pick(kept, data) as ClerkObject
}

function keptFields(entity: Entity): KeptFields {
  const fields = new Map<string, KeptFields>([
    ['id', true],
    ['updated_at', true],
  ])
  const kept: Tree = { isList: false, fields }
  for (const path of entity.columns.flatMap(readsOf)) keep(kept, path)
  for (const child of entity.children) {
    if (child.off) continue
    keep(kept, `${child.items}[].id`)
    for (const path of child.columns.flatMap(readsOf)) keep(kept, inItems(child, path))
  }
  return kept
}

function inItems(child: ChildTable, path: string): string {
  return path.startsWith('../') ? path.slice('../'.length) : `${child.items}[].${path}`
}

const readsOf = (column: Column) => (column.off ? [] : column.reads)

function keep(kept: Tree, path: string): void {
  const steps = path.split('.')
  const last = steps.pop() ?? ''
  let tree = kept
  for (const step of steps) {
    const field = step.replace('[]', '')
    const next = tree.fields.get(field) ?? { isList: field !== step, fields: new Map() }
    if (next === true) return
    tree.fields.set(field, next)
    tree = next
  }
  tree.fields.set(last, true)
}

function pick(kept: KeptFields, value: unknown): unknown {
  if (kept === true || value === null || value === undefined) return value
  if (kept.isList) {
    return Array.isArray(value) && value.map((item) => pickFields(kept, item))
  }
  return pickFields(kept, value)
}

function pickFields({ fields }: Tree, value: unknown): ClerkObject | false {
  if (!isClerkObject(value)) return false
  const picked: { [field: string]: unknown } = {}
  for (const [field, inner] of fields) {
    if (Object.hasOwn(value, field)) picked[field] = pick(inner, value[field])
  }
  return picked
}
