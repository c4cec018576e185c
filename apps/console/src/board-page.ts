import type { FastifyInstance } from 'fastify'
import { staticPath } from './pages/static-files.ts'

// A page that asks for it and is not let would say so in the console of every visitor.
const googleFonts = /<link href="https:\/\/fonts\.googleapis\.com\/[^>]*>/g

/**
 * Mends Bull Board's page: no font from Google, no buttons for what is refused, a link to replay,
 * and sessions of Clerk are renewed.
 */
export function adjustBoardPage(
  scope: FastifyInstance,
  { hasSessions }: { hasSessions: boolean },
): void {
  const style = `<link rel="stylesheet" href="${staticPath}/board.css">`
  const script = hasSessions ? `<script src="${staticPath}/session.js"></script>` : ''
  const link = '<a class="clerk-sync-replay" href="/replay">Replay failed jobs</a>'
  scope.addHook('onSend', async (_, reply, payload: unknown) => {
    const isPage =
      reply.statusCode === 200 && String(reply.getHeader('content-type')).startsWith('text/html')
    if (!isPage || typeof payload !== 'string') return payload
    const mended = payload
      .replace(googleFonts, '')
      .replace('</head>', `${style}${script}</head>`)
      .replace('</body>', `${link}</body>`)
    reply.removeHeader('content-length')
    return mended
  })
}
