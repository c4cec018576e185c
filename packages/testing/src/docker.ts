const PING_TIMEOUT_MS = 3_000
const PULL_TIMEOUT_MS = 60_000
const START_TIMEOUT_MS = 60_000

/**
 * Makes sure that a Docker daemon answers and has the image, pulling it if need be.
 *
 * @throws Error whose message says what is missing
 */
export async function prepareImage(image: string): Promise<void> {
  const { getContainerRuntimeClient, ImageName } = await import('testcontainers')
  const name = ImageName.fromString(image)
  const client = await within(PING_TIMEOUT_MS, getContainerRuntimeClient()).catch((cause) => {
    throw new Error('no Docker daemon answers', { cause })
  })
  if (await client.image.exists(name)) return
  try {
    await within(PULL_TIMEOUT_MS, client.image.pull(name))
  } catch (cause) {
    throw new Error(`Docker can't pull ${image}: ${(cause as Error).message}`, { cause })
  }
  // A pull that fails half-way ends like one that succeeds.
  if (!(await client.image.exists(name))) throw new Error(`Docker can't pull all of ${image}`)
}

/** Starts a container, or gives up: the image of its helper may not be within reach either. */
export async function startContainer<T>(container: { start(): Promise<T> }): Promise<T> {
  return await within(START_TIMEOUT_MS, container.start()).catch((cause: Error) => {
    throw new Error(`Docker can't start a container: ${cause.message}`, { cause })
  })
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${ms / 1000} s`)), ms)
  })
  try {
    return await Promise.race([work, timeout])
  } finally {
    clearTimeout(timer)
  }
}
