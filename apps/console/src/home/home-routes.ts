import { errorMessage } from '@clerk-sync/ops'
import { runCheck } from '@clerk-sync/ops/process'
import type { Logger } from '@clerk-sync/ops/process'
import { checkQueue } from '@clerk-sync/queue'
import type { OpenQueue } from '@clerk-sync/queue'
import type { FastifyInstance } from 'fastify'
import { html } from '../html.ts'
import type { Html } from '../html.ts'
import { card } from '../page-parts.ts'
import { homePath, renderPage } from '../render-page.ts'
import { staticPath } from '../static-files.ts'

/** A part of the home page. It is read and rendered at each request. */
export interface HomeSection {
  /** The id of its element in the page. */
  readonly id: string
  readonly title: string
  /**
   * What stands below the title. The page is fresh every few seconds: the reading must be cheap.
   *
   * @throws an Error, which is shown in the section's place; the other sections are shown.
   */
  render(): Promise<Html>
}

export interface HomeDeps {
  readonly logger: Logger
  readonly queue: OpenQueue
  /** In the order of the page. */
  readonly sections: readonly HomeSection[]
}

/** The home page. Its script reads it again every few seconds and replaces the sections that differ. */
export function serveHome(scope: FastifyInstance, deps: HomeDeps): void {
  scope.get(homePath, async (_, reply) => {
    const cards = await Promise.all(deps.sections.map((section) => renderSection(section, deps)))
    const page = renderPage({
      title: 'Home',
      path: homePath,
      head: html`<link rel="stylesheet" href="${staticPath}/uplot.css" />
        <script src="${staticPath}/uplot.js" defer></script>
        <script src="${staticPath}/plots.js" defer></script>
        <script src="${staticPath}/home.js" defer></script>`,
      body: html`<h1>Home</h1>
        ${cards}`,
    })
    return await reply.type('text/html').send(page)
  })
}

async function renderSection(section: HomeSection, { logger, queue }: HomeDeps): Promise<Html> {
  const { id, title } = section
  try {
    return card({ id, title, body: await section.render() })
  } catch (error) {
    logger.debug({ section: id, error }, 'a section of the home page could not be read')
    // What a client of Redis says about a lost connection tells nobody what to do.
    const { problem } = await runCheck({ name: 'queue', run: () => checkQueue(queue) })
    const why = problem ?? errorMessage(error)
    return card({ id, title, body: html`<p class="problem">This can't be read now: ${why}.</p>` })
  }
}
