import { describe, expect, test } from 'vitest'
import { answerOf } from './answer.ts'
import { ApiRefusedError, FeatureNotEnabledError, SecretKeyRefusedError } from './errors.ts'

const text = 'a text with an address: ada@example.com'

const refusal = (code: string) => JSON.stringify({ errors: [{ code, message: text }] })

function read(status: number, body: string, retryAfter?: string) {
  const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter }
  return answerOf(new Response(body, { status, headers }), body, '/roles')
}

function errorOf(status: number, body: string): Error {
  const answer = read(status, body)
  if (answer.kind !== 'error') throw new Error(`${status} is ${answer.kind}`)
  return answer.error
}

test.for<[string, unknown]>([
  ['[]', []],
  ['{"id":"user_1"}', { id: 'user_1' }],
  ['null', null],
])('200 with %s is found', ([body, value]) => {
  expect(read(200, body)).toEqual({ kind: 'found', body: value })
})

test.for(['', '<html></html>', '[{"id":'])('200 with %j is asked again', (body) => {
  expect(read(200, body)).toEqual({
    kind: 'again',
    reason: 'an answer that is no JSON',
    isMalformed: true,
  })
})

describe('a refusal', () => {
  test.for([
    [401, 'clerk_key_invalid', SecretKeyRefusedError],
    [402, 'unsupported_subscription_plan_features', FeatureNotEnabledError],
    [403, 'organization_not_enabled_in_instance', FeatureNotEnabledError],
    [403, 'feature_not_enabled', FeatureNotEnabledError],
    [404, 'organization_not_enabled_in_instance', FeatureNotEnabledError],
    [422, 'organization_not_enabled_in_instance', FeatureNotEnabledError],
    [402, 'payment_required', ApiRefusedError],
    [403, 'authorization_invalid', ApiRefusedError],
    [400, 'bad_request', ApiRefusedError],
    [409, 'conflict', ApiRefusedError],
    [422, 'form_param_value_invalid', ApiRefusedError],
  ] as const)('with %i quotes the code %s, never the text', ([status, code, kind]) => {
    const error = errorOf(status, refusal(code))
    expect(error).toBeInstanceOf(kind)
    expect(error.message).toContain(`${status} ${code}`)
    expect(error.message).not.toContain('ada')
  })

  test('keeps its status', () => {
    expect(errorOf(422, refusal('form_param_value_invalid'))).toMatchObject({ status: 422 })
  })

  test.for([
    '',
    '<html></html>',
    'null',
    '7',
    '"text"',
    '{}',
    '{"errors":{"code":"x"}}',
    '{"errors":[]}',
    '{"errors":[null]}',
    '{"errors":[{"code":7}]}',
    refusal(text),
  ])('without a code, such as %s, quotes its status alone', (body) => {
    expect(errorOf(422, body).message).toBe('Clerk answered 422 to /roles')
    expect(read(503, body)).toEqual({ kind: 'again', reason: '503' })
    expect(errorOf(401, body)).toBeInstanceOf(SecretKeyRefusedError)
  })

  test.for([402, 403, 404])("with %i and no code is not Clerk's", (status) => {
    expect(errorOf(status, '<html></html>')).toBeInstanceOf(ApiRefusedError)
  })
})

test.for([
  ['https://other.example/v1/users?user_id=user_1', ' to https://other.example,'],
  ['/login', ', which'],
])('a redirect to %s is a refusal that names the host alone', ([location, said]) => {
  const response = new Response('', { status: 307, headers: { location } })
  const answer = answerOf(response, '', '/users')
  const message = answer.kind === 'error' ? answer.error.message : ''
  expect(message).toContain(`Clerk answered 307 to /users, a redirect${said}`)
  expect(message).not.toContain('user_1')
})

test('404 with a code is none', () => {
  expect(read(404, refusal('resource_not_found'))).toEqual({ kind: 'none' })
})

describe('429 and all from 500 on are asked again', () => {
  test.for([429, 500, 502, 503, 504, 522])('%i after a delay of our own', (status) => {
    const answer = read(status, refusal('some_code'))
    expect(answer).toEqual({ kind: 'again', reason: `${status} some_code` })
  })

  test.for([429, 503])('%i after the seconds that Retry-After says', (status) => {
    expect(read(status, '', '7')).toEqual({
      kind: 'again',
      reason: String(status),
      retryAfterMs: 7_000,
    })
  })

  test.for(['0', '-3', '', 'soon', 'Infinity', 'Wed, 21 Oct 2026 07:28:00 GMT'])(
    'as if there was no Retry-After when it says %j',
    (retryAfter) => {
      expect(read(429, '', retryAfter)).toEqual({ kind: 'again', reason: '429' })
    },
  )
})
