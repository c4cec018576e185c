import { expect, test } from 'vitest'
import { html } from './html.ts'

test('what is put into a page is text', () => {
  const name = `<script>alert("1" + '2')</script>`
  expect(html`<b title="${name}">${name}</b>`.markup).not.toMatch(/<script|"1"|'2'/)
})

test('HTML in HTML, lists and nothing stay what they are', () => {
  const rows = ['a', 'b'].map((name) => html`<li>${name}</li>`)
  const list = html`<ul>
    ${rows}${undefined}${false}${0}
  </ul>`
  expect(list.markup.replaceAll(/\s+/g, '')).toBe('<ul><li>a</li><li>b</li>0</ul>')
})
