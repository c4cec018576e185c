import { html } from './html.ts'
import type { Html, Part } from './html.ts'

/** Digits in groups of three. */
export const number = (value: number): string => value.toLocaleString('en')

const units: readonly [unit: string, ms: number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
]

/** A length of time in its largest unit, such as `420 ms`, `1.3 s`, `5 min` or `2 d`. */
export function duration(ms: number): string {
  const [unit, size] = units.find(([, length]) => ms >= length) ?? ['ms', 1]
  const value = ms / size
  return `${number(value < 10 ? Math.round(value * 10) / 10 : Math.round(value))} ${unit}`
}

/** A number per second, with as many digits as say something. */
export function rate(perSecond: number): string {
  if (perSecond === 0 || perSecond >= 10) return number(Math.round(perSecond))
  return perSecond < 0.01 ? 'below 0.01' : number(Number(perSecond.toPrecision(2)))
}

/** A length of time that may be unknown. */
export const seconds = (value: number | undefined): string =>
  value === undefined ? '–' : duration(value * 1_000)

/** A point in time, in milliseconds. It stands in UTC; the script shows it in the reader's zone. */
export function time(ms: number): Html {
  const iso = new Date(ms).toISOString()
  const text = iso.slice(0, 19).replace('T', ' ')
  return html`<time datetime="${iso}" title="${text} UTC">${text}</time>`
}

/**
 * A field of a form for a point in time. The form sends UTC, such as `2026-11-30T14:05`. With the
 * script the reader sees and types their own zone.
 */
export function timeField(field: { label: string; name: string; value: string }): Html {
  return html`<label
    ><span>${field.label} (<span data-zone>UTC</span>)</span>
    <input type="datetime-local" name="${field.name}" step="1" value="${field.value}" data-utc />
  </label>`
}

/** How something is, in a word: the colour repeats what the text says. */
export function badge(kind: 'good' | 'warning' | 'problem' | 'plain', text: string): Html {
  return html`<span class="badge ${kind}">${text}</span>`
}

/** A part of a page with a heading. `id` is unique in the page. */
export function card(of: { id: string; title: string; body: Part }): Html {
  return html`<section class="card" id="${of.id}" aria-labelledby="${of.id}-title">
    <h2 id="${of.id}-title">${of.title}</h2>
    ${of.body}
  </section>`
}

export interface Column {
  readonly title: string
  /** Right-aligned, with digits of one width. */
  readonly isNumber?: boolean
}

/** A table that scrolls by itself where the screen is narrow. The first cell of a row names the row. */
export function table(of: {
  /** What the table shows, for readers who do not see it. */
  label: string
  columns: readonly Column[]
  rows: readonly (readonly Part[])[]
}): Html {
  const { label, columns, rows } = of
  const classOf = (at: number) => columns[at]?.isNumber && html`class="number"`
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0">
    <table>
      <thead>
        <tr>
          ${columns.map(({ title }, at) => html`<th scope="col" ${classOf(at)}>${title}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([name, ...cells]) =>
            html`<tr>
              <th scope="row">${name}</th>
              ${cells.map((cell, at) => html`<td ${classOf(at + 1)}>${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
}
