import type { Sample, SampleContext } from './sample.ts'

export const emailSamples = {
  'email.created': { idPrefix: 'ema', build: buildEmail },
} satisfies Record<string, Sample>

function buildEmail(context: SampleContext) {
  const code = '424242'
  return {
    object: 'email',
    id: context.id,
    slug: 'verification_code',
    from_email_name: 'notifications',
    reply_to_email_name: null,
    to_email_address: `ada.${context.tag}@example.com`,
    email_address_id: `idn_${context.suffix}`,
    user_id: `user_${context.suffix}`,
    subject: `${code} is your verification code`,
    body: `<p>Your code for Analytical Engines is <b>${code}</b>.</p>`,
    body_plain: `Your code for Analytical Engines is ${code}.`,
    status: 'queued',
    data: {
      app: { name: 'Analytical Engines', domain_name: 'example.com', url: 'https://example.com' },
      otp_code: code,
      requested_at: new Date(context.createdAt).toUTCString(),
      requested_by: 'Firefox, Linux',
    },
    delivered_by_clerk: true,
  }
}
