import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { FastifyInstance } from 'fastify'

export const staticPath = '/static'

const directory = join(import.meta.dirname, '../static')
const uplot = dirname(createRequire(import.meta.url).resolve('uplot'))
const css = 'text/css; charset=utf-8'
const script = 'text/javascript; charset=utf-8'
/** Where each file is, and of which type it is. */
const files: Readonly<Record<string, readonly [path: string, type: string]>> = {
  'board.css': [join(directory, 'board.css'), css],
  'console.css': [join(directory, 'console.css'), css],
  'console.js': [join(directory, 'console.js'), script],
  'home.js': [join(directory, 'home.js'), script],
  'replay.js': [join(directory, 'replay.js'), script],
  'session.js': [join(directory, 'session.js'), script],
  'plots.js': [join(directory, 'plots.js'), script],
  'uplot.css': [join(uplot, 'uPlot.min.css'), css],
  'uplot.js': [join(uplot, 'uPlot.iife.min.js'), script],
}

/** The styles and scripts of the pages. They need no login: the page of a refused login has a style. */
export function serveStaticFiles(scope: FastifyInstance): void {
  for (const [name, [path, type]] of Object.entries(files)) {
    const content = readFileSync(path)
    scope.get(`${staticPath}/${name}`, (_, reply) =>
      reply.header('content-type', type).header('cache-control', 'no-cache').send(content),
    )
  }
}
