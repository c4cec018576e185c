// Draws the plots of the page with uPlot, and again when their data, their width or the theme changes.
/* global uPlot */
const heightPx = 130
const drawn = new Map()

document.documentElement.classList.add('has-script')

const writers = {
  count: (value) => value.toLocaleString('en', { maximumFractionDigits: 1 }),
  rate: (value) => value.toLocaleString('en', { maximumSignificantDigits: 3 }),
  seconds(value) {
    if (value >= 3_600) return `${writers.rate(value / 3_600)} h`
    if (value >= 60) return `${writers.rate(value / 60)} min`
    return value >= 1 || value === 0
      ? `${writers.rate(value)} s`
      : `${writers.rate(value * 1_000)} ms`
  },
}

// A canvas can't read a custom property with two themes: an element can.
function colorOf(name) {
  const probe = document.createElement('span')
  probe.style.color = `var(--${name})`
  document.body.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

const clock = (seconds) =>
  new Date(seconds * 1_000).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })

function draw(element) {
  drawn.get(element)?.destroy()
  const { unit, times, lines } = JSON.parse(element.dataset.plot)
  const write = (value) => (value === null || value === undefined ? '–' : writers[unit](value))
  const axis = {
    stroke: colorOf('muted'),
    grid: { stroke: colorOf('line'), width: 1 },
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
  }
  const colors = ['accent', 'warning'].map(colorOf)
  const options = {
    width: element.clientWidth,
    height: heightPx,
    cursor: { drag: { x: false, y: false } },
    scales: { y: { range: (_, least, most) => [0, most > 0 ? most * 1.1 : 1] } },
    series: [
      { label: 'at', value: (_, at) => (at === null ? '–' : clock(at)) },
      ...lines.map(({ name }, at) => ({
        label: name,
        stroke: colors[at],
        width: 2,
        points: { show: lines[at].values.filter((value) => value !== null).length < 30, size: 4 },
        value: (_, value) => write(value),
      })),
    ],
    axes: [
      { ...axis, size: 26, values: (_, splits) => splits.map(clock) },
      { ...axis, size: 62, space: 28, values: (_, splits) => splits.map(write) },
    ],
  }
  const plot = new uPlot(options, [times, ...lines.map(({ values }) => values)], element)
  drawn.set(element, plot)
}

const widths = new ResizeObserver((changes) => {
  for (const { target } of changes) {
    const width = target.clientWidth
    if (width > 0 && width !== drawn.get(target)?.width) draw(target)
  }
})

function update(element) {
  if (drawn.has(element)) {
    const { lines, times } = JSON.parse(element.dataset.plot)
    drawn.get(element).setData([times, ...lines.map(({ values }) => values)])
  } else {
    widths.observe(element)
  }
}

for (const element of document.querySelectorAll('.plot')) update(element)
new MutationObserver((changes) => {
  for (const { type, target, addedNodes } of changes) {
    if (type === 'attributes') update(target)
    for (const node of addedNodes) {
      if (node instanceof Element) for (const one of node.querySelectorAll('.plot')) update(one)
    }
  }
  for (const element of drawn.keys()) {
    if (element.isConnected) continue
    drawn.get(element).destroy()
    drawn.delete(element)
    widths.unobserve(element)
  }
}).observe(document.body, { subtree: true, childList: true, attributeFilter: ['data-plot'] })

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  for (const element of drawn.keys()) draw(element)
})
