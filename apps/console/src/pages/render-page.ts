import { html } from './html.ts'
import type { Html } from './html.ts'
import { staticPath } from './static-files.ts'

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
