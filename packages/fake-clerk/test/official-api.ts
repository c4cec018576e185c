// Reads Clerk's OpenAPI 3.0 catalogue of the Backend API as JSON Schema, which Ajv understands.
import { readFileSync } from 'node:fs'
import addFormats from 'ajv-formats'
import { Ajv2019 } from 'ajv/dist/2019.js'
import type { ErrorObject } from 'ajv/dist/2019.js'
import { parse } from 'yaml'

interface Schema {
  [keyword: string]: unknown
}
interface Response {
  $ref?: string
  content?: { 'application/json': { schema: Schema } }
}
interface Operation {
  parameters?: { $ref?: string; name?: string }[]
  responses: Record<string, Response>
}
interface Catalogue {
  paths: Record<string, { get?: Operation }>
  components: {
    schemas: Record<string, Schema>
    responses: Record<string, Response>
    parameters: Record<string, { name: string }>
  }
}

const file = new URL('../catalogue/backend-api-2026-05-12.yml', import.meta.url)
const catalogue = parse(readFileSync(file, 'utf8'), { maxAliasCount: -1 }) as Catalogue
const { components, paths } = catalogue

const ajv = new Ajv2019({ strict: false, allErrors: true })
addFormats.default(ajv)
// Whatever the catalogue doesn't name is refused, so that the fake can't invent fields.
ajv.addSchema({ components: { schemas: mapValues(components.schemas, toJsonSchema) } }, 'clerk')

/** Returns one line for each way in which an answer breaks the catalogue; `path` has no `/v1`. */
export function checkAnswer(path: string, status: number, body: unknown): string[] {
  const response = operation(path).responses[status]
  if (response === undefined) return [`${path} has no answer ${status} in the catalogue`]
  const { content } = response.$ref ? resolve(components.responses, response.$ref) : response
  const schema = toJsonSchema(content?.['application/json'].schema ?? {})
  const validate = ajv.compile(rewriteReferences(schema))
  void validate(body)
  return (validate.errors ?? []).filter((error) => !isAboutNull(error)).map(describe)
}

/** Checks against one named schema. */
export function checkSchema(name: string, body: unknown): string[] {
  const validate = ajv.getSchema(`clerk#/components/schemas/${name}`)
  if (validate === undefined) return [`no schema ${name}`]
  void validate(body)
  return (validate.errors ?? []).filter((error) => !isAboutNull(error)).map(describe)
}

/** The names of the parameters in the query of an endpoint. */
export function parametersOf(path: string): string[] {
  return (operation(path).parameters ?? []).map(
    ({ $ref, name }) => name ?? resolve(components.parameters, $ref ?? '').name,
  )
}

function operation(path: string): Operation {
  const found = paths[path]?.get
  if (found === undefined) throw new Error(`the catalogue has no GET ${path}`)
  return found
}

function resolve<T>(components_: Record<string, T>, reference: string): T {
  const found = components_[reference.split('/').at(-1) ?? '']
  if (found === undefined) throw new Error(`${reference} leads nowhere`)
  return found
}

function toJsonSchema(schema: Schema): Schema {
  return mapSchemas(schema, false)
}

function mapSchemas(schema: Schema, isPart: boolean): Schema {
  const parts = schema['allOf']
  const isWhole = Array.isArray(parts) && parts.length > 1
  const mapped = mapValues(schema, (value, keyword) => {
    if (keyword === 'example') return value
    if (Array.isArray(value)) {
      return value.map((item) => (isSchema(item) ? mapSchemas(item, keyword === 'allOf') : item))
    }
    return isSchema(value) ? mapSchemas(value, false) : value
  })
  return allowNull(closeObject(mapped, isPart, isWhole))
}

// The parts of an allOf are closed together, not one by one.
function closeObject(schema: Schema, isPart: boolean, isWhole: boolean): Schema {
  if (isWhole) return { ...schema, unevaluatedProperties: false }
  const isOpen = isSchema(schema['properties']) && !('additionalProperties' in schema)
  return isOpen && !isPart && schema['type'] !== undefined
    ? { ...schema, additionalProperties: false }
    : schema
}

// By the letter of OpenAPI 3.0.3 `nullable` beside `$ref` or `allOf` has no effect; Clerk means it.
function allowNull({ nullable, ...schema }: Schema): Schema {
  return nullable === true ? { anyOf: [schema, { type: 'null' }] } : schema
}

function rewriteReferences(schema: Schema): Schema {
  return JSON.parse(
    JSON.stringify(schema).replaceAll('"#/components/', '"clerk#/components/'),
  ) as Schema
}

function describe({ instancePath, message, params }: ErrorObject): string {
  const field = params['additionalProperty'] ?? params['unevaluatedProperty']
  return `${instancePath} ${message}${typeof field === 'string' ? ` ${field}` : ''}`
}

// Comes with every error inside a nullable schema, beside the error itself.
function isAboutNull({ keyword, params }: ErrorObject): boolean {
  return keyword === 'anyOf' || params['type'] === 'null'
}

function mapValues<From, To>(object: Record<string, From>, map: (value: From, key: string) => To) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value, key)]))
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
