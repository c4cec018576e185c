import { migrate } from '../src/migrate.ts'

// A process of its own that migrates the database of its argument.
process.stdout.write(JSON.stringify(await migrate(process.argv[2] ?? '')))
