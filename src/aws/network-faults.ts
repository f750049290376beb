/** What Node says of a fault below HTTP. */
export interface NodeFault extends Error {
  code?: string;
  syscall?: string;
  path?: string;
  /** Of an AggregateError: one for each address that was tried. */
  errors?: unknown[];
}

/** Names of Node's and OpenSSL's faults between us and the endpoint, see "Common system errors" and "TLS" in Node's documentation. */
const connection =
  /^(ECONN|EPIPE$|EPROTO$|ETIMEDOUT$|EAI_|ENOTFOUND$|EHOST|ENET|EADDR|EALREADY$|EMFILE$|ENFILE$|ENOBUFS$|ENOMEM$|ERR_SOCKET|ERR_STREAM|ERR_SSL_|ERR_TLS_|HPE_)/;

/** The certificate was looked at and refused (OpenSSL's X509_V_ERR names as Node gives them). */
const certificate =
  /^(CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_CERT_|DEPTH_ZERO_|ERROR_IN_C|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_EXCEEDED$|HOSTNAME_MISMATCH$|ERR_TLS_CERT_)/;

/** Calls that fail before a request can have left this machine. */
const before = new Set(['connect', 'getaddrinfo', 'socket', 'queryA', 'queryAaaa']);

/** The endpoint showed a certificate that this machine does not trust. */
export function isCertificateFault(code: string | undefined): boolean {
  return certificate.test(code ?? '');
}

/** A fault of the network, of TLS or of this machine's sockets: it says nothing about what was asked for. */
export function isNetworkFault(error: NodeFault): boolean {
  const { code = '', message, syscall, path } = error;
  if (connection.test(code) || isCertificateFault(code)) return true;
  // A firewall of this machine answers EACCES or EPERM; with a path the same codes are about a file.
  if (before.has(syscall ?? '') && path === undefined) return true;
  return /^(aborted|socket hang up|Premature close)$/m.test(message);
}

/** Whether the request cannot have arrived, so that even a change may be sent again. */
export function isUnsent(error: NodeFault): boolean {
  const { code = '', syscall } = error;
  if (isCertificateFault(code) || before.has(syscall ?? '')) return true;
  if (['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EMFILE', 'ENFILE', 'EHOSTUNREACH', 'ENETUNREACH'].includes(code))
    return true;
  // The request handler's own words for a connection that did not come about.
  return error.message.includes('did not establish a connection');
}

/** What to print of it: an AggregateError has no words of its own. */
export function networkText(error: NodeFault): string {
  const { code, errors = [] } = error;
  // The SDK appends advice for its own users.
  const [message = ''] = error.message.split('\n');
  if (message !== '') return code === undefined || message.includes(code) ? message : `${message} (${code})`;
  const parts = errors.flatMap((one) => (one instanceof Error ? [one.message] : []));
  return parts.length > 0 ? [...new Set(parts)].join(', ') : (code ?? error.name);
}
