import { buildDeletedObject } from './deleted-object.ts'
import { startOfDay } from './sample.ts'
import type { Sample, SampleContext } from './sample.ts'

const idPrefix = 'user'

export const userSamples = {
  'user.created': { idPrefix, build: buildUser },
  'user.updated': { idPrefix, build: buildUpdatedUser },
  'user.deleted': { idPrefix, build: (context) => buildDeletedObject('user', context) },
} satisfies Record<string, Sample>

/** Builds the user Ada Lovelace, also as the snapshot inside session events. */
export function buildUser(context: SampleContext) {
  const emailAddress = buildEmailAddress(context)
  return {
    object: 'user',
    id: context.id,
    external_id: null,
    username: null,
    first_name: 'Ada',
    last_name: 'Lovelace',
    locale: 'en-GB',
    image_url: 'https://images.example.com/ada.png',
    profile_image_url: 'https://images.example.com/ada.png',
    has_image: true,
    primary_email_address_id: emailAddress.id,
    primary_phone_number_id: null,
    primary_web3_wallet_id: null,
    email_addresses: [emailAddress],
    phone_numbers: [],
    web3_wallets: [],
    passkeys: [],
    external_accounts: [],
    saml_accounts: [],
    enterprise_accounts: [],
    public_metadata: { team: 'engines' },
    private_metadata: {},
    unsafe_metadata: { theme: 'dark' },
    password_enabled: true,
    password_last_updated_at: context.createdAt,
    two_factor_enabled: false,
    totp_enabled: false,
    backup_code_enabled: false,
    mfa_enabled_at: null,
    mfa_disabled_at: null,
    banned: false,
    locked: false,
    deprovisioned: false,
    lockout_expires_in_seconds: null,
    verification_attempts_remaining: 100,
    delete_self_enabled: true,
    create_organization_enabled: true,
    create_organizations_limit: null,
    bypass_client_trust: false,
    last_sign_in_at: context.createdAt,
    last_active_at: startOfDay(context.updatedAt),
    legal_accepted_at: context.createdAt,
    created_at: context.createdAt,
    updated_at: context.updatedAt,
  }
}

function buildUpdatedUser(context: SampleContext) {
  return {
    ...buildUser(context),
    last_name: 'Byron',
    public_metadata: { team: 'engines', level: 2 },
    saml_accounts: [buildSamlAccount(context)],
    enterprise_accounts: [buildEnterpriseAccount(context)],
  }
}

function buildEnterpriseAccount(context: SampleContext) {
  return {
    object: 'enterprise_account',
    id: `entacc_${context.suffix}`,
    protocol: 'saml',
    provider: 'saml_okta',
    active: true,
    email_address: `ada.${context.tag}@example.com`,
    first_name: 'Ada',
    last_name: 'Byron',
    provider_user_id: `00u${context.tag}`,
    enterprise_connection_id: `entconn_${context.suffix}`,
    public_metadata: {},
    verification: null,
    enterprise_connection: null,
    last_authenticated_at: context.createdAt,
  }
}

function buildSamlAccount(context: SampleContext) {
  return {
    object: 'saml_account',
    id: `samlacc_${context.suffix}`,
    provider: 'saml_okta',
    active: true,
    email_address: `ada.${context.tag}@example.com`,
    first_name: 'Ada',
    last_name: 'Byron',
    provider_user_id: `00u${context.tag}`,
    last_authenticated_at: context.createdAt,
    public_metadata: {},
    verification: null,
    saml_connection: null,
  }
}

function buildEmailAddress(context: SampleContext) {
  return {
    object: 'email_address',
    id: `idn_${context.suffix}`,
    email_address: `ada.${context.tag}@example.com`,
    reserved: false,
    matches_sso_connection: false,
    verification: {
      object: 'verification_otp',
      status: 'verified',
      strategy: 'email_code',
      attempts: 1,
      expire_at: context.createdAt + 10 * 60 * 1000,
    },
    linked_to: [],
    created_at: context.createdAt,
    updated_at: context.createdAt,
  }
}
