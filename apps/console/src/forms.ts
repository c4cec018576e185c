import type { FastifyInstance, FastifyRequest } from 'fastify'

const bodyLimit = 16_384

/** Reads the forms of the pages as URLSearchParams. */
export function acceptForms(scope: FastifyInstance): void {
  scope.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit },
    async (_: FastifyRequest, body: string | Buffer) => new URLSearchParams(String(body)),
  )
}
