import { withTimeout } from '@clerk-sync/ops'

const pingTimeoutMs = 3_000
const pullTimeoutMs = 60_000
const startTimeoutMs = 60_000

/**
 * Makes sure that a Docker daemon answers and has the image, pulling it if need be.
 *
 * @throws Error whose message says what is missing
 */
export async function prepareImage(image: string): Promise<void> {
  const { getContainerRuntimeClient, ImageName } = await import('testcontainers')
  const name = ImageName.fromString(image)
  const client = await withTimeout(
    getContainerRuntimeClient(),
    pingTimeoutMs,
    noAnswer(pingTimeoutMs),
  ).catch((cause) => {
    throw new Error('no Docker daemon answers', { cause })
  })
  if (await client.image.exists(name)) return
  try {
    await withTimeout(client.image.pull(name), pullTimeoutMs, noAnswer(pullTimeoutMs))
  } catch (cause) {
    throw new Error(`Docker can't pull ${image}: ${(cause as Error).message}`, { cause })
  }
  // A pull that fails half-way ends like one that succeeds.
  if (!(await client.image.exists(name))) throw new Error(`Docker can't pull all of ${image}`)
}

/** Starts a container, or gives up: the image of its helper may not be within reach either. */
export async function startContainer<T>(container: { start(): Promise<T> }): Promise<T> {
  return await withTimeout(
    container.start(),
    startTimeoutMs,
    `no answer in ${startTimeoutMs / 1_000} s`,
  ).catch((cause: Error) => {
    throw new Error(`Docker can't start a container: ${cause.message}`, { cause })
  })
}

const noAnswer = (ms: number) => `no answer in ${ms / 1_000} s`
