import { Show, SignInButton, SignUpButton, UserButton } from '@clerk/react-router'
import { Link } from 'react-router'

export default function Home() {
  return (
    <main>
      <h1>clerk-sync with React Router</h1>
      <Show when="signed-out">
        <SignInButton />
        <SignUpButton />
      </Show>
      <Show when="signed-in">
        <UserButton />
        <Link to="/me">Your row in clerk.users</Link>
      </Show>
    </main>
  )
}
