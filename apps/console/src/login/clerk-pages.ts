import { html } from '../html.ts'
import { homePath, renderPage } from '../render-page.ts'

/** For a user who is signed in, but not allowed. */
export function renderNotAllowed(who: {
  readonly userId: string
  readonly orgId?: string | null | undefined
  readonly orgRole?: string | null | undefined
}): string {
  const { userId, orgId, orgRole } = who
  return renderPage({
    title: 'Not allowed',
    isPublic: true,
    body: html`<h1>You may not use this console</h1>
      <p>You are signed in, but you are not allowed to see and replay jobs.</p>
      <dl>
        <dt>User</dt>
        <dd><code>${userId}</code></dd>
        <dt>Active organization</dt>
        <dd>
          ${orgId ? html`<code>${orgId}</code> as <code>${orgRole ?? 'nobody'}</code>` : 'none'}
        </dd>
      </dl>
      <p>
        Whoever runs clerk-sync can let you in: they add your user to
        <code>BOARD_CLERK_USERS</code>, or give you a role of <code>BOARD_CLERK_ROLES</code> in the
        organization of <code>BOARD_CLERK_ORGANIZATION</code>. A role counts while that organization
        is the active one: switch to it in your application, then reload this page.
      </p>
      <p><a class="button" href="${homePath}">Try again</a></p>`,
  })
}

/** For a form that was sent after the session had ended. Only opening a page renews a session. */
export function renderSessionOver(): string {
  return renderPage({
    title: 'Session ended',
    isPublic: true,
    body: html`<h1>Your session has ended</h1>
      <p>Nothing was changed. Open the page again, which renews the session, and send it again.</p>
      <p><a class="button" href="/replay">Open the page again</a></p>`,
  })
}

/** For a session that can't be verified. */
export function renderNotVerified(why: { reason: string | undefined; signIn: string }): string {
  return renderPage({
    title: 'Not signed in',
    isPublic: true,
    body: html`<h1>Your session could not be verified</h1>
      <p>Clerk’s library says: <code>${why.reason ?? 'unknown'}</code>.</p>
      <p>
        Sign in again. If you come back here, the settings of the console are wrong: its keys must
        be of one instance, <code>BOARD_URL</code> must be the address in your browser, and its
        clock must be right.
      </p>
      <p><a class="button" href="${why.signIn}">Sign in</a></p>`,
  })
}
