/**
 * Kubernetes gives each container variables for every Service in its namespace. A Service called `tetraship`
 * or `tetraship-metrics` makes names that look like settings of ours, and are none.
 * https://kubernetes.io/docs/tutorials/services/connect-applications-service/#environment-variables
 */

/** `TETRASHIP_PORT`, `TETRASHIP_SERVICE_HOST`, `TETRASHIP_PORT_9880_TCP_ADDR`, …: the Service `tetraship`. */
const OWN =
  /^TETRASHIP_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

/** The same endings after a longer name: a Service `tetraship-…`. */
const OTHER =
  /^TETRASHIP_[A-Z0-9_]+?_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;

/** `TETRASHIP_LISTEN_PORT` could be a Service or a mistake: the value tells. */
const OTHER_PORT = /^TETRASHIP_[A-Z0-9_]+_PORT$/;
const SERVICE_URL = /^(tcp|udp|sctp):\/\//;

export function isServiceVariable(name: string, value: string): boolean {
  return OWN.test(name) || OTHER.test(name) || (OTHER_PORT.test(name) && SERVICE_URL.test(value));
}
