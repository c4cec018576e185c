// Shows all times of a page in the reader's zone, also those that come into it later. A form sends UTC.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
const pad = (value, digits = 2) => String(value).padStart(digits, '0')

function inZone(date) {
  const day = `${pad(date.getFullYear(), 4)}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`
  const time = `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`
  return `${day}T${time}.${pad(date.getMilliseconds(), 3)}`
}

function showInZone(element) {
  if (element.matches('time[datetime]')) {
    const text = inZone(new Date(element.dateTime)).slice(0, 19).replace('T', ' ')
    if (element.textContent !== text) element.textContent = text
  } else if (element.matches('[data-zone]')) {
    if (element.textContent !== zone) element.textContent = zone
  } else if (!element.dataset.isInZone) {
    element.dataset.isInZone = 'true'
    // A time without seconds stays one: it means its whole minute.
    const { defaultValue: utc } = element
    if (utc) element.value = inZone(new Date(`${utc}Z`)).slice(0, utc.length)
  }
}

const shown = 'time[datetime], [data-zone], input[data-utc]'

function showAllInZone(root) {
  if (root.matches(shown)) showInZone(root)
  for (const element of root.querySelectorAll(shown)) showInZone(element)
}

showAllInZone(document.body)
new MutationObserver((changes) => {
  for (const { addedNodes } of changes) {
    for (const node of addedNodes) if (node instanceof Element) showAllInZone(node)
  }
}).observe(document.body, { childList: true, subtree: true })

document.addEventListener('formdata', ({ target, formData }) => {
  for (const { name, value } of target.querySelectorAll('input[data-utc]')) {
    if (value) formData.set(name, new Date(value).toISOString().slice(0, value.length))
  }
})
