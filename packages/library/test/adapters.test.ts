import { once } from 'node:events'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import Fastify from 'fastify'
import { createApp, createRouter, toNodeListener } from 'h3'
import { expect, onTestFinished, test } from 'vitest'
import { clerkWebhooks as forExpress } from '../src/express.ts'
import { clerkWebhooks as forFastify } from '../src/fastify.ts'
import { clerkWebhooks as forNuxt } from '../src/nuxt.ts'
import { delivery, freshId, handlerOptions, hasRow, userEvent } from './delivery.ts'

const path = '/api/webhooks/clerk'

/** Serves it on a free port until the test has finished. */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Posts it there as Svix does. */
async function post(origin: string, request: Request) {
  const { headers } = request
  headers.set('content-type', 'application/json')
  const body = await request.arrayBuffer()
  const response = await fetch(`${origin}${path}`, { method: 'POST', headers, body })
  return { status: response.status, text: await response.text() }
}

/** What a good and a forged delivery are answered, and whether their users are in the tables. */
async function tryDeliveries(origin: string) {
  const [id, other] = [freshId(), freshId()]
  const pretty = JSON.stringify(userEvent(id), null, 2)
  const forged = delivery(userEvent(other), { headers: { 'svix-id': 'msg_other' } })
  return {
    good: await post(origin, delivery(pretty)),
    isWritten: await hasRow(id),
    forged: await post(origin, forged),
    isForgedWritten: await hasRow(other),
  }
}

const works = {
  good: { status: 200, text: '{"received":true}' },
  isWritten: true,
  forged: { status: 400, text: '{"error":"invalid_signature"}' },
  isForgedWritten: false,
}

test('Express serves the route when it comes before the body parser', async () => {
  const handler = forExpress(handlerOptions())
  onTestFinished(() => handler.close())
  const app = express()
  app.post(path, handler)
  app.use(express.json())
  app.post('/other', (request, response) => void response.json(request.body))
  expect(await tryDeliveries(await serve(app))).toEqual(works)
})

test.each([
  ['express.raw on the route', express.raw({ type: '*/*' })],
  [
    'a parser that keeps the bytes',
    express.json({
      verify: (request, _, bytes) => void Object.assign(request, { rawBody: bytes }),
    }),
  ],
])('Express serves the route behind %s', async (_, parser) => {
  const handler = forExpress(handlerOptions())
  onTestFinished(() => handler.close())
  expect(await tryDeliveries(await serve(express().use(parser).post(path, handler)))).toEqual(works)
})

test('Express behind a body parser gets an error that names the cure', async () => {
  const handler = forExpress(handlerOptions())
  onTestFinished(() => handler.close())
  const errors: Error[] = []
  const app = express().use(express.json()).post(path, handler)
  app.use(((error, _request, response, _next) => {
    errors.push(error)
    response.status(500).end()
  }) satisfies express.ErrorRequestHandler)
  expect((await post(await serve(app), delivery(userEvent()))).status).toBe(500)
  expect(errors[0]?.message).toContain('register the route before app.use(express.json())')
})

test('Fastify serves the route, and parses JSON elsewhere', async () => {
  const app = Fastify()
  onTestFinished(() => app.close())
  await app.register(forFastify, { ...handlerOptions(), path })
  app.post('/other', (request) => request.body)
  expect(await tryDeliveries(await app.listen({ port: 0, host: '127.0.0.1' }))).toEqual(works)
  const other = await app.inject({ method: 'POST', url: '/other', payload: { it: 'works' } })
  expect(other.json()).toEqual({ it: 'works' })
})

test('Nuxt serves the route', async () => {
  const app = createApp()
  app.use(createRouter().post(path, forNuxt(handlerOptions())))
  expect(await tryDeliveries(await serve(toNodeListener(app)))).toEqual(works)
})
