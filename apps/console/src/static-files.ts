import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'

export const staticPath = '/static'

const directory = join(import.meta.dirname, '../static')
const css = 'text/css; charset=utf-8'
const script = 'text/javascript; charset=utf-8'
const files = {
  'board.css': css,
  'console.css': css,
  'console.js': script,
  'home.js': script,
  'replay.js': script,
  'session.js': script,
}

/** The styles and scripts of the pages. They need no login: the page of a refused login has a style. */
export function serveStaticFiles(scope: FastifyInstance): void {
  for (const [name, type] of Object.entries(files)) {
    const content = readFileSync(join(directory, name))
    scope.get(`${staticPath}/${name}`, (_, reply) =>
      reply.header('content-type', type).header('cache-control', 'no-cache').send(content),
    )
  }
}
