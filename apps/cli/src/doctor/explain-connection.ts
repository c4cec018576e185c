interface Explained {
  cause: string
  cure: string
}

const renew =
  'give the server a certificate for this name that browsers trust, and renew it in time'

const certificates: { [code: string]: string } = {
  CERT_HAS_EXPIRED: 'its TLS certificate has expired',
  CERT_NOT_YET_VALID:
    'its TLS certificate is not valid yet: or the clock of this machine is behind',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its TLS certificate is signed by itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'its TLS certificate is signed by an authority of its own',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'it does not send the certificates between its own and the root',
  UNABLE_TO_GET_ISSUER_CERT: 'it does not send the certificates between its own and the root',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its TLS certificate is signed by an unknown authority',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its TLS certificate is for another name',
}

/** Why nothing answered at a public URL, by the code of the error. */
export function explainConnection(error: unknown): Explained {
  const code = codeOf(error)
  const certificate = certificates[code]
  if (certificate) return { cause: certificate, cure: renew }
  if (code.startsWith('ERR_SSL') || code === 'EPROTO') {
    return {
      cause: 'it does not speak TLS there, or no version that is in use',
      cure: 'put TLS on this port, or give the port that has it (443 without one in the URL)',
    }
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return {
      cause: 'the name has no address, as seen from here',
      cure: 'add a DNS record for it, or correct the name',
    }
  }
  if (code === 'ECONNREFUSED') {
    return {
      cause: 'nothing listens there',
      cure: 'start ingest or the proxy in front of it, and give the port that it listens on',
    }
  }
  return {
    cause: 'the connection was dropped on the way: by a firewall, a proxy, or an overloaded server',
    cure: 'let the internet reach ingest on this port, and look at the log of what is in front of it',
  }
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0])
  const { code } = Object(error) as { code?: unknown }
  return typeof code === 'string' ? code : ''
}
