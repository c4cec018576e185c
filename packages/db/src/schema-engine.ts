import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import type { SchemaEngine } from '@prisma/schema-engine-wasm'
import * as glue from '@prisma/schema-engine-wasm/schema_engine_bg'

// Node's types leave WebAssembly to the browser's.
declare const WebAssembly: {
  instantiate(
    bytes: Uint8Array,
    imports: Record<string, unknown>,
  ): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>
}

interface Bindings {
  SchemaEngine: typeof SchemaEngine
  __wbg_set_wasm(exports: unknown): void
}

let engine: Promise<typeof SchemaEngine> | undefined

/**
 * Prisma's own schema engine as WebAssembly, on one database through the driver adapter: neither
 * install nor start downloads a binary. Free it when done.
 */
export async function createSchemaEngine(
  url: string,
  datamodels: [path: string, text: string][],
): Promise<SchemaEngine> {
  engine ??= loadEngine()
  const adapter = new PrismaPg(
    { connectionString: url, options: '-c search_path=clerk' },
    { schema: 'clerk' },
  )
  return (await engine).new(
    { datamodels },
    () => undefined,
    bindMigrationAwareSqlAdapterFactory(adapter),
  )
}

// What the package's own entry does, without Node's warning about importing WebAssembly.
async function loadEngine(): Promise<typeof SchemaEngine> {
  const gluePath = import.meta.resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  const wasm = await readFile(fileURLToPath(new URL('schema_engine_bg.wasm', gluePath)))
  const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': glue })
  const bindings = glue as unknown as Bindings
  bindings.__wbg_set_wasm(instance.exports)
  instance.exports.__wbindgen_start()
  return bindings.SchemaEngine
}
