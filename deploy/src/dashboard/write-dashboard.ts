import { writeFileSync } from 'node:fs'
import { buildDashboard } from './build-dashboard.ts'

const file = new URL('../../grafana/dashboards/clerk-sync.json', import.meta.url)
writeFileSync(file, `${JSON.stringify(buildDashboard(), undefined, 2)}\n`)
