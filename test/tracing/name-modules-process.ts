// Loaded before a process: names on stderr what it loads of OpenTelemetry.
import { registerHooks } from 'node:module'

registerHooks({
  load(url, context, next) {
    if (url.includes('/@opentelemetry/')) process.stderr.write(`${url}\n`)
    return next(url, context)
  },
})
