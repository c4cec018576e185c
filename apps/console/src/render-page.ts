import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'

/** Where the board is. */
export const boardPath = '/board'
export const staticPath = '/static'

/** HTML that may go into a page as it is. */
export interface Html {
  readonly markup: string
}

type Part = Html | string | number | false | undefined | readonly Part[]

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** A template for HTML: what is put into it is text, unless it is HTML itself. */
export function html(texts: TemplateStringsArray, ...parts: Part[]): Html {
  const markup = texts.reduce((all, text, at) => all + render(parts[at - 1]) + text)
  return { markup }
}

function render(part: Part): string {
  if (part === undefined || part === false) return ''
  if (typeof part === 'string') return part.replaceAll(/[&<>"']/g, (char) => entities[char] ?? '')
  if (typeof part === 'number') return String(part)
  return 'markup' in part ? part.markup : part.map(render).join('')
}

/** A page of our own, beside Bull Board's. */
export function renderPage(page: { title: string; head?: Html; body: Html }): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <meta name="color-scheme" content="light dark" />
        <title>${page.title} · clerk-sync</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="${staticPath}/console.css" />
        ${page.head}
      </head>
      <body>
        ${page.body}
      </body>
    </html>`.markup
}

const directory = join(import.meta.dirname, '../static')
const files = {
  'board.css': 'text/css; charset=utf-8',
  'console.css': 'text/css; charset=utf-8',
  'replay.js': 'text/javascript; charset=utf-8',
  'session.js': 'text/javascript; charset=utf-8',
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
