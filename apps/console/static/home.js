// Reads the page again every few seconds and puts its sections in the place of those that differ.
const periodMs = 5_000
// While something runs that shows its progress.
const runningMs = 1_000
const main = document.querySelector('main')
const last = new Map(sectionsOf(document).map((section) => [section.id, section.outerHTML]))

function sectionsOf(root) {
  return [...root.querySelectorAll('main > section[id]')]
}

async function refresh() {
  const answer = await fetch('/', { headers: { accept: 'text/html' } })
  // Loading the page renews an expired session.
  if (answer.status === 401) return location.reload()
  if (!answer.ok) return
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
  for (const section of sectionsOf(page)) {
    const markup = section.outerHTML
    const shown = document.getElementById(section.id)
    if (!shown) main.append(document.adoptNode(section))
    else if (markup === last.get(section.id) || isInUse(shown)) continue
    else replace(shown, section)
    last.set(section.id, markup)
  }
}

// Somebody types in a form, or selects text.
function isInUse(section) {
  if (section.querySelector(':is(input, select, textarea):focus')) return true
  const selection = getSelection()
  return !selection.isCollapsed && selection.containsNode(section, true)
}

function replace(shown, section) {
  const focused = shown.contains(document.activeElement)
    ? pathTo(shown, document.activeElement)
    : []
  const open = new Set([...shown.querySelectorAll('details[open][id]')].map(({ id }) => id))
  for (const details of section.querySelectorAll('details[id]')) {
    if (open.has(details.id)) details.open = true
  }
  const scrolled = [...shown.querySelectorAll('.scroll')].map(({ scrollLeft }) => scrollLeft)
  // A plot is drawn anew when its data changes, and keeps its cursor.
  for (const plot of section.querySelectorAll('.plot')) {
    const drawn = document.getElementById(plot.id)
    if (!drawn) continue
    drawn.dataset.plot = plot.dataset.plot
    plot.replaceWith(drawn)
  }
  const added = document.adoptNode(section)
  shown.replaceWith(added)
  for (const [at, box] of added.querySelectorAll('.scroll').entries()) {
    box.scrollLeft = scrolled[at] ?? 0
  }
  let element = added
  for (const at of focused) element = element?.children[at]
  if (focused.length > 0) element?.focus({ preventScroll: true })
}

// The element at the same place has the focus afterwards.
function pathTo(root, element) {
  const path = []
  for (let at = element; at !== root; at = at.parentElement) {
    path.unshift([...at.parentElement.children].indexOf(at))
  }
  return path
}

async function follow() {
  for (;;) {
    const isRunning = document.querySelector('[data-running="true"]')
    await new Promise((resolve) => setTimeout(resolve, isRunning ? runningMs : periodMs))
    if (document.hidden) continue
    // Retry while the console restarts.
    await refresh().catch(() => undefined)
  }
}

void follow()
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) void refresh().catch(() => undefined)
})
