// Only loading a page renews a session of Clerk. After a call that was answered 401 the page is loaded
// again, at most once in ten seconds.
const key = 'clerk-sync-reloaded-at'

window.XMLHttpRequest = class extends XMLHttpRequest {
  constructor() {
    super()
    this.addEventListener('loadend', () => {
      if (this.status !== 401) return
      const now = Date.now()
      if (now - Number(sessionStorage.getItem(key)) < 10_000) return
      sessionStorage.setItem(key, String(now))
      location.reload()
    })
  }
}
