/**
 * undici's dispatchers without the rest of it: its entry point also loads fetch, WebSocket, mocks and caches,
 * which costs each agent 4 MB of resident memory and 20 ms at the start. The lock file pins the version whose
 * files are named here, and the types are those of the package.
 */

import './without-http2.ts'; // before undici
import connect from 'undici/lib/api/api-connect.js';
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';
import EnvHttpProxyAgent from 'undici/lib/dispatcher/env-http-proxy-agent.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import { allowHttp2Again } from './without-http2.ts';

allowHttp2Again();

// What a proxy's dispatcher needs, of the methods that undici's entry point adds.
Object.assign(Dispatcher.prototype, { connect });

export { type Dispatcher, EnvHttpProxyAgent, Pool };
