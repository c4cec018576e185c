// Exits with 0 when the process of this container answers /livez, or the path given, with 200.
const [path = '/livez'] = process.argv.slice(2)
const url = `http://127.0.0.1:${process.env.OPS_PORT || 9464}${path}`

try {
  const answer = await fetch(url, { signal: AbortSignal.timeout(4_000) })
  process.stdout.write(await answer.text())
  process.exitCode = answer.ok ? 0 : 1
} catch (error) {
  process.stderr.write(`${url}: ${error.cause?.message ?? error.message}`)
  process.exitCode = 1
}
