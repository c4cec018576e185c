import type { FailedSelection } from '@clerk-sync/queue'

/** What stands in the form, as it was typed. */
export interface ReplayForm {
  readonly types: readonly string[]
  readonly reason: string
  /** As a browser writes local times, but in UTC. */
  readonly from: string
  readonly to: string
  readonly includeInvalid: boolean
}

const longestReason = 500
const time = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?$/

export function readReplayForm(fields: URLSearchParams): ReplayForm {
  return {
    types: fields.getAll('type').filter((type) => type !== ''),
    reason: (fields.get('reason') ?? '').trim().slice(0, longestReason),
    from: fields.get('from') ?? '',
    to: fields.get('to') ?? '',
    includeInvalid: fields.get('invalid') === 'true',
  }
}

/** The selection that a form means, or what is wrong with it. */
export function toSelection(
  form: ReplayForm,
): { ok: true; selection: FailedSelection } | { ok: false; problem: string } {
  for (const [name, text] of [
    ['From', form.from],
    ['To', form.to],
  ] as const) {
    if (text !== '' && !isTime(text)) {
      return { ok: false, problem: `${name} must be a time such as 2026-11-30T14:05` }
    }
  }
  const since = toMs(form.from)
  const until = toMs(form.to)
  if (since !== undefined && until !== undefined && since > until) {
    return { ok: false, problem: 'From is later than To' }
  }
  const { types, reason, includeInvalid } = form
  return {
    ok: true,
    selection: {
      ...(types.length > 0 ? { types } : {}),
      ...(reason === '' ? {} : { reason }),
      ...(since === undefined ? {} : { since }),
      // A time without seconds means the whole minute, one without fractions the whole second.
      ...(until === undefined ? {} : { until: until + precisionMs(form.to) - 1 }),
      ...(includeInvalid ? { includeInvalid } : {}),
    },
  }
}

const isTime = (text: string) => time.test(text) && !Number.isNaN(Date.parse(`${text}Z`))

const toMs = (text: string) => (text === '' ? undefined : Date.parse(`${text}Z`))

function precisionMs(text: string): number {
  if (text.includes('.')) return 1
  return text.split(':').length === 3 ? 1_000 : 60_000
}
