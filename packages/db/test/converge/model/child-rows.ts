import type { Role } from '../world/access.ts'
import type { User } from '../world/people.ts'
import type { TableRow } from './rows.ts'

/** The rows of the things inside of a thing, by table. */
export const childRowsOf: { [kind: string]: (data: never) => Record<string, TableRow[]> } = {
  user: (user: User) => ({
    email_addresses: user.email_addresses.map(({ id, email_address, verification }) => ({
      id,
      user_id: user.id,
      email_address,
      verified: verification !== null,
      is_primary: id === user.primary_email_address_id,
    })),
    phone_numbers: user.phone_numbers.map(({ id, phone_number, verification }) => ({
      id,
      user_id: user.id,
      phone_number,
      verified: verification !== null,
      is_primary: id === user.primary_phone_number_id,
    })),
    external_accounts: user.external_accounts.map((account) => ({
      id: account.id,
      user_id: user.id,
      provider: account.provider ?? 'oauth_google',
      provider_user_id: account.provider_user_id ?? account.google_id,
      email_address: account.email_address,
      username: account.username,
      verified: account.verification !== null,
    })),
    web3_wallets: user.web3_wallets.map(({ id, web3_wallet, verification }) => ({
      id,
      user_id: user.id,
      web3_wallet,
      verified: verification !== null,
      is_primary: id === user.primary_web3_wallet_id,
    })),
  }),
  role: (role: Role) => ({
    role_permissions: role.permissions.map(({ id, key }) => ({ id, role_id: role.id, key })),
  }),
}
