/**
 * Validates an object of Kubernetes strictly. The validators that kubernetes-models compiles from Kubernetes' own
 * OpenAPI check types, formats and required fields, but let unknown fields pass: they never look at them. So the
 * object is wrapped, and a field that the validator never asked for is unknown.
 */

interface Validator {
  (data: unknown): boolean;
  readonly errors?: unknown;
}

/** Where each known kind has its schema. */
const SCHEMAS: Record<string, () => Promise<{ validate: Validator }>> = {
  'v1 Namespace': () => import('kubernetes-models/_schemas/IoK8sApiCoreV1Namespace'),
  'v1 ServiceAccount': () => import('kubernetes-models/_schemas/IoK8sApiCoreV1ServiceAccount'),
  'v1 Secret': () => import('kubernetes-models/_schemas/IoK8sApiCoreV1Secret'),
  'v1 ConfigMap': () => import('kubernetes-models/_schemas/IoK8sApiCoreV1ConfigMap'),
  'v1 Service': () => import('kubernetes-models/_schemas/IoK8sApiCoreV1Service'),
  'apps/v1 Deployment': () => import('kubernetes-models/_schemas/IoK8sApiAppsV1Deployment'),
  'networking.k8s.io/v1 NetworkPolicy': () =>
    import('kubernetes-models/_schemas/IoK8sApiNetworkingV1NetworkPolicy'),
  'monitoring.coreos.com/v1 PodMonitor': () => operatorSchema('PodMonitor'),
  'monitoring.coreos.com/v1 PrometheusRule': () => operatorSchema('PrometheusRule'),
  'apps/v1 DaemonSet': () => import('kubernetes-models/_schemas/IoK8sApiAppsV1DaemonSet'),
};

/** Of the Prometheus operator's kinds; its package exports the models, but not their validators. */
function operatorSchema(kind: string): Promise<{ validate: Validator }> {
  const home = import.meta.resolve('@kubernetes-models/prometheus-operator');
  const name = `ComGithubPrometheusOperatorPrometheusOperatorPkgApisMonitoringV1${kind}`;
  return import(new URL(`_schemas/${name}.js`, home).href);
}

/** Every fault as `path: what`; none when the object is right. */
export async function strictProblems(object: object): Promise<string[]> {
  const kind = `${Reflect.get(object, 'apiVersion')} ${Reflect.get(object, 'kind')}`;
  const load = SCHEMAS[kind];
  if (load === undefined) return [`${kind}: no schema`];
  const { validate } = await load();
  const asked = new Set<string>();
  const good = validate(watched(object, '', asked));
  const faults = good ? [] : errorsOf(validate);
  const unknown = paths(object, '').filter((path) => !asked.has(path));
  return [...faults, ...unknown.map((path) => `${path}: unknown field`)];
}

function errorsOf(validate: Validator): string[] {
  if (!Array.isArray(validate.errors)) return ['invalid'];
  return validate.errors.map(
    (error: { instancePath?: string; keyword?: string; params?: object }) =>
      `${error.instancePath}: ${error.keyword} ${JSON.stringify(error.params)}`,
  );
}

function watched(value: unknown, path: string, asked: Set<string>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return new Proxy(value, {
    get(target, key) {
      const at = `${path}/${String(key)}`;
      if (typeof key === 'string') asked.add(at);
      return watched(Reflect.get(target, key), at, asked);
    },
  });
}

/** The path of every field of every object in it. */
function paths(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => [
    `${path}/${key}`,
    ...paths(child, `${path}/${key}`),
  ]);
}
