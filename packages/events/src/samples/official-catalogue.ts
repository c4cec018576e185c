// For tests only: reads Clerk's OpenAPI 3.0 catalogue as JSON Schema, which Ajv understands.
import { readFileSync } from 'node:fs'
import addFormats from 'ajv-formats'
import { Ajv2019 } from 'ajv/dist/2019.js'
import type { ErrorObject } from 'ajv/dist/2019.js'
import { parse } from 'yaml'

interface Schema {
  [keyword: string]: unknown
}
interface Content {
  schema: Schema
  example?: unknown
  examples?: { default: { $ref: string } }
}
interface Catalogue {
  'x-webhooks': Record<
    string,
    { post: { requestBody: { content: { 'application/json': Content } } } }
  >
  components: { schemas: Record<string, Schema>; examples: Record<string, { value: unknown }> }
}

/**
 * How strictly to read the catalogue. To the `letter`, an `allOf` of a closed schema and further
 * required fields admits nothing. By its `meaning`, the parts of an `allOf` are closed together.
 * `known-fields` also refuses every field that the catalogue doesn't name.
 */
type Reading = 'letter' | 'meaning' | 'known-fields'

const file = new URL('../../catalogue/webhooks-2025-04-15.yml', import.meta.url)
const catalogue = parse(readFileSync(file, 'utf8')) as Catalogue
const contents = mapValues(
  catalogue['x-webhooks'],
  (webhook) => webhook.post.requestBody.content['application/json'],
)

/** The event types of the catalogue. */
export const officialTypes = Object.keys(contents)

/** Reads Clerk's own example of an event. */
export function readOfficialExample(type: string): unknown {
  const { example, examples } = contents[type] ?? {}
  const name = examples?.default.$ref.split('/').at(-1) ?? ''
  return example ?? catalogue.components.examples[name]?.value
}

/** Builds a function that returns one line for each way in which an event breaks its schema. */
export function buildOfficialValidator(
  reading: Reading,
): (type: string, event: unknown) => string[] {
  // OpenAPI brings keywords of its own (discriminator, example), which strict mode refuses.
  const ajv = new Ajv2019({ strict: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema(readAsJsonSchema(reading), 'clerk')
  return (type, event) => {
    const validate = ajv.getSchema(`clerk#/events/${type}`)
    if (validate === undefined) return [`no schema for ${type}`]
    void validate(event)
    return (validate.errors ?? []).filter((error) => !isAboutNull(error)).map(describe)
  }
}

function readAsJsonSchema(reading: Reading): Schema {
  let { schemas } = catalogue.components
  let events = mapValues(contents, ({ schema }) => schema)
  const rewriteAll = (change: (schema: Schema) => Schema) => {
    events = mapValues(events, (schema) => rewrite(schema, change))
    schemas = mapValues(schemas, (schema) => rewrite(schema, change))
  }
  if (reading === 'known-fields') rewriteAll(closeObject)
  const closedSchemas = schemas
  if (reading !== 'letter') rewriteAll((schema) => closeTogether(schema, closedSchemas))
  rewriteAll(allowNull)
  return { components: { schemas }, events }
}

function rewrite(schema: Schema, change: (schema: Schema) => Schema): Schema {
  const rewriteValue = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(rewriteValue)
    return isSchema(value) ? rewrite(value, change) : value
  }
  return change(mapValues(schema, rewriteValue))
}

function closeObject(schema: Schema): Schema {
  const isOpen = isSchema(schema['properties']) && !('additionalProperties' in schema)
  return isOpen ? { ...schema, additionalProperties: false } : schema
}

function closeTogether(schema: Schema, schemas: Record<string, Schema>): Schema {
  if (!Array.isArray(schema['allOf']) || schema['allOf'].length < 2) return schema
  const parts = schema['allOf'].map((part: Schema) => {
    const name = String(part['$ref']).split('/').at(-1) ?? ''
    return schemas[name] ?? part
  })
  if (!parts.some((part) => part['additionalProperties'] === false)) return schema
  const openParts = parts.map((part) => {
    const { additionalProperties: _, ...openPart } = part
    return openPart
  })
  return { ...schema, allOf: openParts, unevaluatedProperties: false }
}

// By the letter of OpenAPI 3.0.3 `nullable` beside `$ref` or `allOf` has no effect; Clerk means it.
function allowNull({ nullable, ...schema }: Schema): Schema {
  return nullable === true ? { anyOf: [schema, { type: 'null' }] } : schema
}

function describe({ instancePath, message, params }: ErrorObject): string {
  const field = params['additionalProperty'] ?? params['unevaluatedProperty']
  return `${instancePath} ${message}${typeof field === 'string' ? ` ${field}` : ''}`
}

// Comes with every error inside a nullable schema, beside the error itself.
function isAboutNull({ keyword, params }: ErrorObject): boolean {
  return keyword === 'anyOf' || params['type'] === 'null'
}

function mapValues<From, To>(object: Record<string, From>, map: (value: From) => To) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)]))
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
