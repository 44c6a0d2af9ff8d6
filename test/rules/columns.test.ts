import { expect, test } from 'vitest';
import { eventOf, nearestColumn, typeOfColumn } from '../../rules/columns.ts';

test.each([
  ['process_exec_process_binary', 'string'],
  ['process_exit_process_uid', 'number'],
  ['process_kprobe_args_sock_arg_dport', 'number'],
  ['process_kprobe_args_size_arg', 'string'], // 64 bits wide
  ['process_lsm_args_linux_binprm_arg_path', 'string'],
  ['process_exec_process_pod_container_maybe_exec_probe', 'boolean'],
  ['process_kprobe_args', 'string'], // with TETRASHIP_ARRAYS=json
  ['process_kprobe_args_2_int_arg', 'number'],
  ['process_exec_process_pod_name__2', 'string'],
  ['process_exec_process_pod_pod_labels', 'string'],
  ['process_exec_process_pod_pod_labels_app.kubernetes.io/name', 'any'],
  ['node_labels_zone', 'any'],
  ['overflow', 'string'],
  ['time', 'string'],
  ['process_exec_process', undefined],
  ['process_kprobe_args_action', undefined],
  ['constructor', undefined],
])('%s: %s', (name, type) => expect(typeOfColumn(name)).toBe(type));

test.each([
  ['process_exec_proces_binary', 'process_exec_process_binary'],
  ['process_exec.process.binary', 'process_exec_process_binary'],
  ['binary', 'process_exec_process_binary'],
  ['pod_name', 'process_exec_process_pod_name'],
  ['process_exit_pod_name', 'process_exit_process_pod_name'],
  ['process_kprobe_sock_arg_daddr', 'process_kprobe_args_sock_arg_daddr'],
  ['Process_Exec_Process_UID', 'process_exec_process_uid'],
  ['nothing_like_it', undefined],
])('%s is probably %s', (name, want) => expect(nearestColumn(name)).toBe(want));

test('which event has a column', () => {
  expect(eventOf('process_exec_process_uid')).toBe('process_exec');
  expect(eventOf('node_name')).toBeUndefined();
  expect(eventOf('process_executor_x')).toBeUndefined();
});
