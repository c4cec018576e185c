/** A server that tests may use; stop() leaves a server alone that was running before. */
export interface ProvidedServer {
  url: string
  /** Where it came from, for people. */
  source: string
  stop(): Promise<void>
}

export interface Choice {
  name: string
  /** The environment variable that names a server; empty counts as unset. */
  variable: string
  /** Tried in this order when the variable is unset. */
  ways: (() => Promise<ProvidedServer>)[]
  /** How to get a server, for people. */
  cure: string
}

/**
 * Takes the first way that works, says in one line which it was and why none before it.
 *
 * @throws Error that lists why each way failed, followed by the cure
 */
export async function provideFirst({
  name,
  variable,
  ways,
  cure,
}: Choice): Promise<ProvidedServer> {
  const reasons: string[] = []
  const url = process.env[variable]
  const given = async () => ({ url: url ?? '', source: variable, stop: async () => {} })
  for (const start of url ? [given] : ways) {
    try {
      const server = await start()
      const because = reasons.length > 0 ? ` (${reasons.join('; ')})` : ''
      process.stdout.write(`${name} for tests: ${server.source}${because}\n`)
      return server
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error))
    }
  }
  const list = reasons.map((reason) => `  - ${reason}`).join('\n')
  throw new Error(`The tests need a ${name} server, and there is none:\n${list}\n${cure}`)
}
