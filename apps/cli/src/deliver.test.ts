import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { createSigningSecret } from '@clerk-sync/events'
import { expect, onTestFinished, test } from 'vitest'
import { deliver } from './deliver.ts'

const event = {
  secret: createSigningSecret(),
  type: 'user.created',
  id: 'user_1',
  patch: { first_name: 'Grace' },
} as const

test('the event comes from the instance that ingest is set to, if it is set to one', async () => {
  const { url, bodies } = await listen()
  await deliver({ ...event, url, instanceId: 'ins_mine' })
  await deliver({ ...event, url, instanceId: undefined })
  expect(bodies).toMatchObject([
    { instance_id: 'ins_mine', data: { id: 'user_1', first_name: 'Grace' } },
    { instance_id: expect.stringMatching(/^ins_(?!mine)/) },
  ])
})

async function listen() {
  const bodies: unknown[] = []
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    bodies.push(JSON.parse(await text(request)))
    response.end('{"received":true}')
  }
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, bodies }
}
