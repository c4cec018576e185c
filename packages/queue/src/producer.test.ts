import { expect, test } from 'vitest'
import { toJobId } from './producer.ts'

test.each(['msg_2g7nXbYt0GqJ3tq5zD', 'msg_a-b.c_d', 'msg_0'])(
  'an id of Svix is the job id unchanged: %s',
  (id) => {
    expect(toJobId(id)).toBe(id)
  },
)

// Separated by spaces.
const others = [
  'wait meta constructor __proto__ repeat:a:1 de:a evt_1 MSG_1 msg_ msg_a:b msg_ä msg_1:lock',
  'id_ id_d2FpdA 123 0 -5 NaN Infinity 1e3 a:b 0:1 ä 👍',
].flatMap((line) => line.split(' '))

test.each([...others, '', ' ', ' msg_1', 'msg_a b', 'msg_1\n', 'msg_\0', 'x'.repeat(255)])(
  '%j becomes an id that is neither one of Svix nor a key of BullMQ',
  (id) => {
    expect(toJobId(id)).toMatch(/^id_[\w-]*$/)
  },
)

test('two ids never share a job id', () => {
  const ids = ['a:b', 'a:c', 'wait', 'id_d2FpdA', 'id_aWRfZDJGcGRB', 'msg_a', 'msg_a ', '', 'id_']
  expect(new Set(ids.map(toJobId)).size).toBe(ids.length)
})
