import { createEmbeddedPostgres } from '../src/index.ts'

// Run as a program: starts a server on the directory in argv, reports its pid and stays.
process.once('SIGTERM', () => process.exit(0))
const [dataDir = ''] = process.argv.slice(2)
const server = await createEmbeddedPostgres({ dataDir, port: 0, password: 'secret' })
process.stdout.write(`${server.pid}\n`)
