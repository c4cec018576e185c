import { isClerkObject } from './column.ts'
import type { ChildTable, ClerkObject, Column, Entity } from './entity.ts'

/** `true` keeps the value whole; a tree keeps only the named fields of an object or of each element. */
type Kept = true | { [field: string]: Kept }

const keptByEntity = new WeakMap<Entity, Kept>()

/** Clerk's object with only the fields that the entity's columns read; everything else is left behind. */
export function minimise(entity: Entity, data: ClerkObject): ClerkObject {
  let kept = keptByEntity.get(entity)
  if (!kept) keptByEntity.set(entity, (kept = keptFields(entity)))
  return pick(kept, data) as ClerkObject
}

function keptFields(entity: Entity): Kept {
  const kept = { id: true, updated_at: true } satisfies Kept
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

function keep(kept: { [field: string]: Kept }, path: string): void {
  const steps = path.replaceAll('[]', '').split('.')
  const last = steps.pop() ?? ''
  let tree = kept
  for (const step of steps) {
    const next = tree[step]
    if (next === true) return
    tree = tree[step] = next ?? {}
  }
  tree[last] = true
}

function pick(kept: Kept, value: unknown): unknown {
  if (kept === true) return value
  if (Array.isArray(value)) return value.map((item) => pick(kept, item))
  if (!isClerkObject(value)) return null
  return Object.fromEntries(
    Object.entries(kept)
      .filter(([field]) => Object.hasOwn(value, field))
      .map(([field, inner]) => [field, pick(inner, value[field])]),
  )
}
