import { writeFileSync } from 'node:fs'
import { renderTablesDoc } from './render-tables-doc.ts'

writeFileSync(new URL('../../../docs/tables.md', import.meta.url), renderTablesDoc())
