import { readVersion } from '@clerk-sync/ops'
import { html } from './html.ts'
import type { Html } from './html.ts'
import { staticPath } from './static-files.ts'

export const homePath = '/'
export const peoplePath = '/people'
export const eventsPath = '/events'
export const replayPath = '/replay'
/** Where the board is. */
export const boardPath = '/board'

/** The pages in the navigation, in its order. */
const pages = [
  { path: homePath, name: 'Home' },
  { path: peoplePath, name: 'People' },
  { path: eventsPath, name: 'Events' },
  { path: replayPath, name: 'Replay' },
  { path: boardPath, name: 'Board' },
] as const

/** A page of our own, beside Bull Board's. */
export interface Page {
  readonly title: string
  /** Where it stands in the navigation; undefined for a page that has no place there. */
  readonly path?: (typeof pages)[number]['path'] | undefined
  /** Leaves the navigation out, for a reader who is not logged in. */
  readonly isPublic?: boolean
  /** Further elements of the head, such as the page's script. */
  readonly head?: Html
  /** What stands in `<main>`, from the `<h1>` on. */
  readonly body: Html
}

export function renderPage({ title, path, isPublic = false, head, body }: Page): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · clerk-sync</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="${staticPath}/console.css" />
        <script src="${staticPath}/console.js" defer></script>
        ${head}
      </head>
      <body>
        ${!isPublic && renderHeader(path)}
        <main id="main" tabindex="-1" ${isPublic && html`class="narrow"`}>${body}</main>
        ${!isPublic && renderFooter()}
      </body>
    </html>`.markup
}

function renderHeader(current: Page['path']): Html {
  return html`<a class="skip" href="#main">Skip to the content</a>
    <header>${renderNavigation(current)}</header>`
}

/** The links to all pages, which stand above Bull Board's page, too. */
export function renderNavigation(current: Page['path']): Html {
  return html`<nav aria-label="Console">
    <strong>clerk-sync</strong>
    ${pages.map(
      ({ path, name }) =>
        html`<a href="${path}" ${path === current && html`aria-current="page"`}>${name}</a> `,
    )}
  </nav>`
}

// The script puts the reader's zone in the place of UTC.
function renderFooter(): Html {
  return html`<footer>
    <span>clerk-sync ${readVersion()}</span>
    <span>Times: <span data-zone>UTC</span></span>
  </footer>`
}
