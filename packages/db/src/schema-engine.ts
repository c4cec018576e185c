import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import type { SchemaEngine } from '@prisma/schema-engine-wasm'
import * as glue from '@prisma/schema-engine-wasm/schema_engine_bg'
import { Pool } from 'pg'
import type { Client } from 'pg'

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

/**
 * Prisma's own schema engine as WebAssembly: neither install nor start downloads a binary. It sends all
 * that it does through this one connection. The caller frees it.
 */
export async function createSchemaEngine(
  client: Client,
  datamodels: [path: string, text: string][],
  schema: string,
): Promise<SchemaEngine> {
  return createEngineOn(new OneTransaction(new OneConnection(client), { schema }), datamodels)
}

/** The engine on connections of the adapter's. */
export async function createEngineOn(
  adapter: PrismaPg,
  datamodels: [path: string, text: string][],
): Promise<SchemaEngine> {
  wasm ??= loadEngine()
  return await (
    await wasm
  ).new({ datamodels }, () => undefined, bindMigrationAwareSqlAdapterFactory(adapter))
}

// The adapter takes only a pool.
class OneConnection extends Pool {
  constructor(client: Client) {
    super()
    this.query = client.query.bind<Pool['query']>(client)
  }
}

// The engine's own lock. It belongs to the session: behind a pooler nobody would let go of it.
const engineLock = /^SELECT pg_advisory_lock\(/

// Inside of the caller's transaction. A savepoint, so that the engine can note why a migration failed.
// The adapter itself cuts a script at every semicolon, also inside a text.
class OneTransaction extends PrismaPg {
  override async connect() {
    const connection = await super.connect()
    const execute = connection.executeRaw.bind(connection)
    const run = (sql: string) => execute({ sql, args: [], argTypes: [] })
    connection.executeRaw = async (query) => (engineLock.test(query.sql) ? 0 : execute(query))
    connection.executeScript = async (sql) => {
      await run('SAVEPOINT migration')
      try {
        await run(sql)
        await run('RELEASE SAVEPOINT migration')
      } catch (error) {
        await run('ROLLBACK TO SAVEPOINT migration')
        throw error
      }
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
