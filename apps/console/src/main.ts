import { runProcess } from '@clerk-sync/ops/process'
import { readConsoleConfig } from './config.ts'
import { startConsole } from './start.ts'

await runProcess('console', readConsoleConfig, startConsole)
