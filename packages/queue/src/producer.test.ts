import { expect, test } from 'vitest'
import { toJobId } from './producer.ts'

test('an id of Svix is the job id unchanged', () => {
  expect(toJobId('msg_2g7nXbYt0GqJ3tq5zD')).toBe('msg_2g7nXbYt0GqJ3tq5zD')
})

test.each(['123', '0', '-5', 'a:b', '0:1', 'ä ö', ''])(
  '%j becomes an id that BullMQ takes',
  (id) => {
    expect(toJobId(id)).toMatch(/^id_[\w-]*$/)
  },
)

test('two ids never share a job id', () => {
  expect(toJobId('a:b')).not.toBe(toJobId('a:c'))
})
