/** What to do about a connection that did not come about, from the code of its error. */

const TLS_TRUST: ReadonlySet<string> = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
]);

/** @param prefix of the settings that are about it, `''` for a target of a rule */
export function connectionAdvice(
  url: string,
  code: string,
  message: string,
  prefix: 'PARSEABLE_' | '',
): string {
  const setting = prefix === '' ? 'the endpoint of the target' : `${prefix}URL`;
  const { host, protocol } = new URL(url);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `check the host in ${setting}; in Kubernetes it is SERVICE.NAMESPACE`;
  if (code === 'ECONNREFUSED')
    return `nothing listens at ${host}: see whether it runs, and check the port in ${setting}`;
  if (TLS_TRUST.has(code))
    return prefix === ''
      ? 'put the certificate of its authority into a file and set "tetraship": {"caFile": …} in the target'
      : `put the certificate of its authority into a file and set ${prefix}CA_FILE`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `its certificate is for another name: use one of those in ${setting}, or a certificate for this one`;
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return 'renew its certificate, or set the clocks right';
  if (code === 'EPROTO' || /wrong version number|ssl3_get_record|packet length too long/i.test(message))
    return `it does not speak TLS at this port: write http:// in ${setting}, or use the port of https`;
  if (/certificate required|handshake failure|bad certificate/i.test(message))
    return `it wants a client certificate: ${prefix === '' ? 'set "tetraship": {"certFile": …, "keyFile": …} in the target' : `set ${prefix}CERT_FILE and ${prefix}KEY_FILE`}`;
  if (protocol === 'http:' && (code === 'ECONNRESET' || code === 'UND_ERR_SOCKET' || code.startsWith('HPE_')))
    return `it ends plain http: perhaps it speaks TLS, then write https:// in ${setting}`;
  if (code === 'TIMEOUT' || code === 'ETIMEDOUT' || code === 'EHOSTUNREACH' || code === 'ENETUNREACH')
    return 'no way there: see routes, firewalls, NetworkPolicies, and whether a proxy is needed (HTTPS_PROXY, NO_PROXY)';
  return `check ${setting}`;
}
