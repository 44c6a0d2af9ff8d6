/**
 * Rules as packs hold them, in any number: equal and contained texts, lists, thresholds and expressions over
 * Tetragon's columns. The first two are those of the walkthrough. Few events match: a rule that always matches
 * measures alerts, not rules.
 */

import type { Condition } from '../agent/kernel/types.ts';
import type { Expression } from '../rules/ast.ts';
import { parse } from '../rules/parse.ts';

const BINARY = [
  'process_exec_process_binary',
  'process_kprobe_process_binary',
  'process_exit_process_binary',
];
const ARGUMENTS = 'process_exec_process_arguments';
const TOOLS = [
  ...[
    'nmap',
    'socat',
    'ncat',
    'netcat',
    'tcpdump',
    'tshark',
    'masscan',
    'hydra',
    'john',
    'hashcat',
    'mimipenguin',
  ],
  ...[
    'xmrig',
    'minerd',
    'cpuminer',
    'kubectl',
    'crictl',
    'nsenter',
    'insmod',
    'modprobe',
    'chattr',
    'auditctl',
  ],
  ...[
    'useradd',
    'usermod',
    'visudo',
    'crontab',
    'systemctl',
    'iptables',
    'sshd',
    'scp',
    'rsync',
    'telnet',
    'ftp',
  ],
];
const FILES = [
  ...[
    '/etc/shadow',
    '/etc/sudoers',
    '/root/.ssh/',
    '/etc/kubernetes/pki',
    '/var/run/docker.sock',
    '/proc/kcore',
  ],
  ...[
    '.aws/credentials',
    '.kube/config',
    '/etc/ld.so.preload',
    '/sys/fs/cgroup/release_agent',
    'id_rsa',
    '.bash_history',
  ],
];

/** One rule, different for every number. */
function ruleText(n: number): string {
  const tool = `${TOOLS[n % TOOLS.length]}${n < 200 ? '' : n}`;
  const file = `${FILES[n % FILES.length]}${n < 200 ? '' : n}`;
  const binary = BINARY[n % BINARY.length];
  switch (n % 10) {
    case 0:
      return `${binary} = "/usr/bin/${tool}"`;
    case 1:
      return `${binary} =% "/${tool}"`;
    case 2:
      return `${ARGUMENTS} =% "${file}"`;
    case 3:
      return `process_exec_process_binary = "/usr/local/bin/${tool}" or process_exec_process_binary = "/opt/${tool}"`;
    case 4:
      return `process_exec_process_pod_namespace != "kube-system" and ${ARGUMENTS} =% "--${tool}"`;
    case 5:
      return `process_exec_process_uid = ${60000 + n} and process_exec_process_binary =% "${tool}"`;
    case 6:
      return `${ARGUMENTS} ~ "(?i)\\\\b${tool}\\\\b.*(-e|--exec)"`;
    case 7:
      return `process_kprobe_function_name = "security_${tool}" and process_kprobe_args_int_arg > ${n}`;
    case 8:
      return `process_exec_process_pod_container_image_name ~ "^docker\\\\.io/${tool}/.*:(latest|dev)$"`;
    default:
      return `process_kprobe_args_file_arg_path =% "${file}" and !(process_kprobe_process_binary = "/usr/bin/${tool}")`;
  }
}

/** `count` conditions, the first two as in the walkthrough. */
export function ruleMix(count: number): Condition[] {
  const walkthrough: Expression[] = ['/usr/bin/wget', '/usr/bin/curl'].map((value) => ({
    string: { column: 'process_exit_process_binary', operator: 'contains', value },
  }));
  const more = Array.from({ length: Math.max(0, count - 2) }, (_, n) => parse(ruleText(n)));
  return [...walkthrough, ...more].slice(0, count).map((expression) => ({ expression }));
}
