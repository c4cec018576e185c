import Link from 'next/link'

export default function Home() {
  return (
    <main>
      <h1>clerk-sync with Next.js</h1>
      <Link href="/me">Your row in clerk.users</Link>
    </main>
  )
}
