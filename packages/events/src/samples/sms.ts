import type { Sample, SampleContext } from './sample.ts'

export const smsSamples = {
  'sms.created': { idPrefix: 'sms', build: buildSms },
} satisfies Record<string, Sample>

function buildSms(context: SampleContext) {
  const code = '424242'
  return {
    object: 'sms_message',
    id: context.id,
    slug: 'verification_code',
    from_phone_number: '+12025550142',
    // 555-0100 to 555-0199 are kept free for fiction.
    to_phone_number: '+12025550107',
    phone_number_id: `idn_${context.suffix}`,
    user_id: `user_${context.suffix}`,
    message: `${code} is your verification code for Analytical Engines.`,
    status: 'queued',
    data: { otp_code: code },
    delivered_by_clerk: true,
    created_at_ms: context.createdAt,
  }
}
