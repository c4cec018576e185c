import type { FakeClerk } from '../src/index.ts'

/** An answer as a test reads it. */
export interface Asked {
  status: number
  body: unknown
  headers: Headers
}

/** Asks a fake for a path, with its key unless another is given. */
export async function ask(fake: FakeClerk, path: string, key = fake.secretKey): Promise<Asked> {
  const response = await fetch(`${fake.url}${path}`, {
    headers: { authorization: `Bearer ${key}` },
  })
  return { status: response.status, body: await response.json(), headers: response.headers }
}

/** Asks for a list, which must be there, and returns its objects. */
async function askForList(fake: FakeClerk, path: string): Promise<{ id: string }[]> {
  const { status, body } = await ask(fake, path)
  if (status !== 200) throw new Error(`${path} answered ${status}`)
  return Array.isArray(body) ? body : (body as { data: { id: string }[] }).data
}

/** The ids of a list. */
export async function askForIds(fake: FakeClerk, path: string): Promise<string[]> {
  return (await askForList(fake, path)).map(({ id }) => id)
}

/** The status and code of a refusal. */
export async function askRefused(fake: FakeClerk, path: string, key?: string): Promise<string> {
  const { status, body } = await ask(fake, path, key)
  const { errors } = body as { errors: { code: string }[] }
  return `${status} ${errors[0]?.code}`
}
