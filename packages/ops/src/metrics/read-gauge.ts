import { Gauge } from 'prom-client'
import type { Registry } from 'prom-client'

export interface Sample {
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
}

export interface ReadGaugeOptions {
  readonly name: string
  readonly help: string
  readonly labelNames?: readonly string[]
  /** What the gauge shows now; nothing: it is absent. Must not reject, nor wait for long. */
  readonly read: () => readonly Sample[] | Promise<readonly Sample[]>
}

/** A gauge that is read at each scrape, and absent while there is nothing to read. */
export function registerReadGauge(registry: Registry, options: ReadGaugeOptions): void {
  const { name, help, labelNames = [], read } = options
  const gauge = new Gauge({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    async collect() {
      const samples = await read()
      // At once, with no wait between: scrapes may overlap.
      gauge.reset()
      if (labelNames.length === 0) gauge.remove()
      for (const { labels = {}, value } of samples) gauge.set(labels, value)
    },
  })
}
