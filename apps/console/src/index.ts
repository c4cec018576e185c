export { consoleVariables, readConsoleConfig } from './config.ts'
export type { ConsoleConfig } from './config.ts'
export { startConsole } from './start.ts'
export type { Console } from './start.ts'
