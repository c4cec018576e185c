import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'

export const staticPath = '/static'

const directory = join(import.meta.dirname, '../../static')
const files = {
  'board.css': 'text/css; charset=utf-8',
  'console.css': 'text/css; charset=utf-8',
  'replay.js': 'text/javascript; charset=utf-8',
  'session.js': 'text/javascript; charset=utf-8',
}

/** The style and the scripts of our own pages. They hold no secrets: a refusal needs its style, too. */
export function serveStaticFiles(scope: FastifyInstance): void {
  for (const [name, type] of Object.entries(files)) {
    const content = readFileSync(join(directory, name))
    scope.get(`${staticPath}/${name}`, (_, reply) =>
      reply.header('content-type', type).header('cache-control', 'no-cache').send(content),
    )
  }
}
