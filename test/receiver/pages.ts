/** The JSON of the server's read-only pages, as far as an agent looks at them. */

import type { Dataset, DataType } from './dataset.ts';
import type { ReceivedRequest } from './faults.ts';
import { OK, page, type Reply, refusal } from './reply.ts';
import { type Credentials, forbidden, isAuthorized } from './request-headers.ts';

const ARROW_TYPES: Readonly<Record<DataType, unknown>> = {
  Utf8: 'Utf8',
  Float64: 'Float64',
  Boolean: 'Boolean',
  Timestamp: { Timestamp: ['Millisecond', null] },
  List: {
    List: {
      name: 'item',
      data_type: 'Utf8',
      nullable: true,
      dict_id: 0,
      dict_is_ordered: false,
      metadata: {},
    },
  },
};

/** Liveness and readiness ask for no credentials; all else does. */
export function readOnlyPage(
  { method, path, headers }: ReceivedRequest,
  datasets: ReadonlyMap<string, Dataset>,
  credentials: Credentials,
): Reply {
  if (method !== 'GET') return refusal(404, 'Not Found');
  if (path === '/api/v1/liveness' || path === '/api/v1/readiness') return OK;
  if (!isAuthorized(headers, credentials)) return forbidden(credentials);
  if (path === '/api/v1/about') return page(aboutBody());
  const name = /^\/api\/v1\/logstream\/([^/]+)\/schema$/.exec(path)?.[1];
  const dataset = name === undefined ? undefined : datasets.get(decodeURIComponent(name));
  if (dataset !== undefined) return page(schemaBody(dataset));
  return refusal(404, name === undefined ? 'Not Found' : `Stream ${name} not found`);
}

function schemaBody(dataset: Dataset): unknown {
  const fields = [...dataset.columns].map(([name, type]) => ({
    ...{ name, data_type: ARROW_TYPES[type], nullable: true },
    ...{ dict_id: 0, dict_is_ordered: false, metadata: {} },
  }));
  return { fields, metadata: {} };
}

function aboutBody(): unknown {
  return {
    ...{ version: 'v2.9.5', uiVersion: 'development', commit: '0000000', deploymentId: '0'.repeat(26) },
    ...{ updateAvailable: false, latestVersion: null, mode: 'Standalone', license: 'AGPL-3.0-only' },
  };
}
