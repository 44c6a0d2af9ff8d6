/**
 * From Vector to tetraship: reads a configuration of the kind Tetragon → Parseable, or the Helm values that hold one,
 * and finds the settings that do the same.
 */

import { isMap } from './import-document.ts';
import { importTransform } from './import-remap.ts';
import { ImportResult } from './import-result.ts';
import { Section } from './import-section.ts';
import { importSink } from './import-sink.ts';
import { importSource } from './import-source.ts';

export interface VectorImport {
  readonly result: ImportResult;
  /** The file was values of Vector's chart. */
  readonly isHelm: boolean;
  /** Something in it ships to Parseable. */
  readonly found: boolean;
}

/** Top level of a configuration: about Vector itself. */
const VECTOR_ITSELF = [
  'data_dir',
  'api',
  'timezone',
  'log_schema',
  'healthchecks',
  'expire_metrics_secs',
  'acknowledgements',
  'schema',
  'telemetry',
  'enrichment_tables',
  'tests',
  'secret',
];
/** Values of Vector's chart that mean the same in ours, or that ours has settled. */
const SETTLED_VALUES = [
  'role',
  'image',
  'rollWorkload',
  'serviceAccount',
  'rbac',
  'service',
  'serviceHeadless',
  'podMonitor',
  'persistence',
  'livenessProbe',
  'readinessProbe',
  'securityContext',
  'podSecurityContext',
  'args',
  'command',
  'containerPorts',
  'dataDir',
  'defaultVolumes',
  'defaultVolumeMounts',
  'extraVolumes',
  'extraVolumeMounts',
  'updateStrategy',
  'terminationGracePeriodSeconds',
  'logLevel',
  'nameOverride',
  'fullnameOverride',
  'podHostNetwork',
  'dnsPolicy',
  'global',
  'workloadResourceAnnotations',
  'shareProcessNamespace',
  'haproxy',
  'autoscaling',
  'ingress',
  'psp',
  'podDisruptionBudget',
  'replicas',
  'minReadySeconds',
  'existingConfigMaps',
];
const OUR_VALUES = [
  'tolerations',
  'nodeSelector',
  'affinity',
  'podAnnotations',
  'podLabels',
  'podPriorityClassName',
  'resources',
];

export function importVector(document: Readonly<Record<string, unknown>>): VectorImport {
  const result = new ImportResult();
  const outer = new Section('', document);
  const isHelm = isMap(document['customConfig']);
  const config = isHelm ? outer.section('customConfig') : outer;
  for (const [, source] of config.section('sources').sections()) importSource(source, result);
  for (const [, transform] of config.section('transforms').sections()) importTransform(transform, result);
  let found = 0;
  for (const [, sink] of config.section('sinks').sections()) {
    if (found > 0 && sink.text('type') === 'http') {
      sink.skip(...sink.keys());
      result.note(
        sink.path,
        'a second sink: one agent ships to one dataset; install a second release for another',
      );
    } else if (importSink(sink, result)) found++;
  }
  if (config.text('data_dir') !== undefined)
    result.note(
      config.at('data_dir'),
      "Vector's checkpoints are not taken over: what it has shipped is known to it alone",
    );
  config.skip(...VECTOR_ITSELF);
  if (isHelm) importValues(outer, result);
  for (const path of outer.rest()) result.note(path, 'has no counterpart');
  return { result, isHelm, found: found > 0 };
}

function importValues(values: Section, result: ImportResult): void {
  values.skip(...SETTLED_VALUES);
  for (const key of OUR_VALUES) {
    const value = values.value(key);
    if (value === undefined || key === 'resources') continue;
    if (
      isMap(value)
        ? Object.keys(value).length > 0
        : value !== '' && !(Array.isArray(value) && value.length === 0)
    )
      result.note(
        values.at(key),
        `copy it to ${key === 'podPriorityClassName' ? 'priorityClassName' : key} of our chart`,
      );
  }
  if (Array.isArray(values.value('env')) || values.list('envFrom').length > 0)
    result.note(
      values.at('env'),
      'variables of the pod: what the configuration takes from them is named above',
    );
  if (values.list('secrets').length > 0 || isMap(values.value('secrets')))
    result.note(values.at('secrets'), 'goes into the Secret of parseable.credentials');
}
