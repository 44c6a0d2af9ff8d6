/**
 * undici asks for Node's HTTP/2 when it is loaded, and bears its absence: nobody here speaks it, and with TLS, which
 * comes along, it costs each agent 11 MB of resident memory and 15 ms at the start. TLS is loaded when an address is
 * `https:`.
 */

import { registerHooks } from 'node:module';

const hooks = registerHooks({
  resolve(specifier, context, next) {
    if (specifier === 'node:http2') throw new Error('HTTP/2 is not used here');
    return next(specifier, context);
  },
});

/** To be called once undici is loaded. */
export const allowHttp2Again = (): void => hooks.deregister();
