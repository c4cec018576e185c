import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import type { SchemaEngine } from '@prisma/schema-engine-wasm'
import * as glue from '@prisma/schema-engine-wasm/schema_engine_bg'
import { Pool } from 'pg'

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

let wasm: Promise<typeof SchemaEngine> | undefined

/** A schema engine on one database; `close` frees it and ends its connection. */
export interface OpenSchemaEngine {
  readonly engine: SchemaEngine
  readonly close: () => Promise<void>
}

/**
 * Prisma's own schema engine as WebAssembly, on one database through the driver adapter: neither
 * install nor start downloads a binary. `wrapScript` is what is sent in place of a script.
 */
export async function createSchemaEngine(
  url: string,
  datamodels: [path: string, text: string][],
  wrapScript: (sql: string) => string = (sql) => sql,
): Promise<OpenSchemaEngine> {
  wasm ??= loadEngine()
  // The engine never ends its connection, and with it the lock that it holds on its history table.
  const pool = new Pool({ connectionString: url, options: '-c search_path=clerk', max: 1 })
  const scripts = new AtomicScripts(pool, { schema: 'clerk' })
  scripts.wrapScript = wrapScript
  const adapter = bindMigrationAwareSqlAdapterFactory(scripts)
  try {
    const engine = await (await wasm).new({ datamodels }, () => undefined, adapter)
    return {
      engine,
      close: () => {
        engine.free()
        return pool.end()
      },
    }
  } catch (error) {
    await pool.end()
    throw error
  }
}

// The adapter cuts a script at every semicolon, also inside a text, and commits each piece by itself.
// Sent whole, PostgreSQL runs it in one transaction: a migration that fails leaves nothing behind.
class AtomicScripts extends PrismaPg {
  wrapScript = (sql: string) => sql

  override async connect() {
    const connection = await super.connect()
    connection.executeScript = async (sql) => {
      await connection.executeRaw({ sql: this.wrapScript(sql), args: [], argTypes: [] })
    }
    return connection
  }
}

// What the package's own entry does, without Node's warning about importing WebAssembly.
async function loadEngine(): Promise<typeof SchemaEngine> {
  const gluePath = import.meta.resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  const bytes = await readFile(fileURLToPath(new URL('schema_engine_bg.wasm', gluePath)))
  const { instance } = await WebAssembly.instantiate(bytes, {
    './schema_engine_bg.js': { ...glue, ...unrefTimers() },
  })
  const bindings = glue as unknown as Bindings
  bindings.__wbg_set_wasm(instance.exports)
  instance.exports.__wbindgen_start()
  return bindings.SchemaEngine
}

// The engine limits its wait for a lock to 10 s and never clears the timer: without this a process
// that has migrated would end 10 s late.
function unrefTimers() {
  const names = Object.keys(glue).filter((name) => name.startsWith('__wbg_setTimeout_'))
  return Object.fromEntries(
    names.map((name) => [name, (run: () => void, ms: number) => setTimeout(run, ms).unref()]),
  )
}
