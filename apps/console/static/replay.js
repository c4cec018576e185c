// Updates the progress of a replay, shows that counting is running, and keeps the selection when the
// session has expired.
const run = document.querySelector('.run[data-running="true"]')

async function update() {
  const answer = await fetch('/replay/status', { headers: { accept: 'application/json' } })
  // Loading the page renews an expired session.
  if (answer.status === 401) return location.reload()
  if (!answer.ok) return
  const status = await answer.json()
  // The page has another button when it waits, and the reasons at the end.
  if (!status.isRunning || String(status.isWaiting) !== run.dataset.waiting) {
    return location.replace('/replay')
  }
  run.querySelector('h2').textContent = status.headline
  run.querySelector('#run-detail').textContent = status.detail
  const problem = run.querySelector('#run-problem')
  problem.textContent = status.problem
  problem.hidden = status.problem === ''
  const progress = run.querySelector('progress')
  progress.max = Math.max(status.of, 1)
  progress.value = status.done
}

async function follow() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 500))
    // Retry while the console restarts or the queue is unavailable.
    await update().catch(() => undefined)
  }
}

if (run) void follow()

const form = document.querySelector('form.card')
let hasSession = false

async function send(button) {
  const answer = await fetch('/replay/status').catch(() => undefined)
  if (answer?.status === 401) {
    // Loading the page renews an expired session; the page then shows the same selection.
    const fields = new URLSearchParams(new FormData(form))
    fields.set('renewed', 'true')
    return location.assign(`/replay?${fields}`)
  }
  hasSession = true
  form.requestSubmit(button)
}

form?.addEventListener('submit', (event) => {
  const button = event.submitter
  if (!button) return
  if (button.formMethod !== 'post') {
    button.textContent = 'Counting…'
    button.setAttribute('aria-busy', 'true')
  } else if (!hasSession) {
    event.preventDefault()
    void send(button)
  }
})
