/**
 * The shapes of Tetragon's events, with holes for what differs from event to event: `@{name}` inside a string,
 * and a string that is only `#{name}` for a bare number. Sizes and proportions follow events seen on real nodes.
 */

import type { Random } from './random.ts';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** Average bytes of a line, in KB. */
export type SizeKB = 0.3 | 1 | 2.3 | 8;

export interface Pod {
  readonly name: string;
  readonly namespace: string;
  readonly app: string;
  readonly containerId: string;
  readonly imageId: string;
}

const APPS = [
  ...['web-frontend', 'checkout', 'payments', 'search', 'redis', 'postgres', 'elasticsearch', 'nginx'],
  ...['prometheus', 'coredns', 'cilium', 'ingest-worker', 'mailer', 'jenkins-agent', 'kafka', 'minio'],
];
const NAMESPACES = ['default', 'shop', 'staging', 'kube-system', 'monitoring', 'tenant-jobs'];
const BINARIES = [
  ...['/usr/bin/cat', '/usr/bin/bash', '/bin/sh', '/usr/bin/python3.11', '/usr/sbin/nginx', '/usr/bin/node'],
  ...['/usr/local/bin/runc', '/usr/bin/containerd-shim-runc-v2', '/opt/java/bin/java', '/usr/bin/psql'],
  ...['/usr/local/bin/kubectl', '/usr/bin/find', '/usr/bin/grep', '/usr/bin/sed', '/usr/bin/awk', '/bin/ls'],
];
const CAPABILITIES = [
  ...['CAP_CHOWN', 'DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_FSETID', 'CAP_KILL', 'CAP_SETGID', 'CAP_SETUID'],
  ...['CAP_SETPCAP', 'CAP_NET_BIND_SERVICE', 'CAP_NET_RAW', 'CAP_SYS_CHROOT', 'CAP_MKNOD', 'CAP_AUDIT_WRITE'],
];
const NAMESPACE_KINDS = ['uts', 'ipc', 'mnt', 'pid', 'pid_for_children', 'net', 'time', 'cgroup', 'user'];
const SYMBOLS = [
  'commit_creds',
  '__sys_setuid',
  'do_syscall_64',
  'entry_SYSCALL_64_after_hwframe',
  'tcp_connect',
];
const CWDS = ['/', '/usr/share/app/', '/home/app', '/var/lib/data', '/tmp'];
const FLAGS = ['execve clone', 'execve rootcwd clone', 'execve clone inInitTree', 'procFS auid'];

/** The pod of the walkthrough, in which somebody runs wget and curl. */
export const NGINX_POD: Pod = {
  name: 'nginx-pod',
  namespace: 'default',
  app: 'nginx',
  containerId: '7f1c9bd02ed94c1a8f00c5c1b0f6a8ed90c6e2b4d1a3f5768899aabbccddeeff',
  imageId: '0d17b565c37bcbd895e9d92315a05c1c3c9a29f762b011a10c54a66cd53c9b31',
};

export function makePod(random: Random): Pod {
  const app = random.pick(APPS);
  return {
    name: `${app}-${random.hex(9)}-${random.hex(5)}`,
    namespace: random.pick(NAMESPACES),
    app,
    containerId: random.hex(64),
    imageId: random.hex(64),
  };
}

/** How much of a process is written at each size: real nodes differ by Tetragon's options, not by taste. */
interface Detail {
  readonly pod: boolean;
  readonly parent: boolean;
  readonly capabilities: boolean;
  readonly namespaces: boolean;
  readonly ancestors: number;
}

const DETAIL: Readonly<Record<SizeKB, Detail>> = {
  0.3: { pod: false, parent: false, capabilities: false, namespaces: false, ancestors: 0 },
  1: { pod: true, parent: false, capabilities: false, namespaces: false, ancestors: 0 },
  2.3: { pod: true, parent: true, capabilities: false, namespaces: false, ancestors: 0 },
  8: { pod: true, parent: true, capabilities: true, namespaces: true, ancestors: 5 },
};

export function wgetEvent(tool: 'wget' | 'curl'): JsonObject {
  const process = processOf(NGINX_POD, `/usr/bin/${tool}`, 'http://www.example.com/@{path}', DETAIL[1], 'p');
  return { process_exit: { process: { ...process, uid: 0 }, parent: shell(NGINX_POD), time: '@{time}' } };
}

/** One event of a random kind in this pod; capabilities at 2.3 KB come with one process in three. */
export function makeEvent(random: Random, pod: Pod, size: SizeKB): JsonObject {
  const base = DETAIL[size];
  const capabilities = base.capabilities || (size === 2.3 && random.below(3) === 0);
  const detail = {
    ...base,
    capabilities,
    namespaces: base.namespaces || (size === 2.3 && random.below(4) === 0),
  };
  const process = processOf(pod, random.pick(BINARIES), '@{words}', detail, 'p', random);
  const parent = detail.parent
    ? { parent: processOf(pod, random.pick(BINARIES), '@{words}', detail, 'q', random) }
    : {};
  const ancestors = Array.from({ length: detail.ancestors }, () =>
    processOf(pod, random.pick(BINARIES), '@{words}', DETAIL[1], 'r', random),
  );
  const family = { process, ...parent, ...(ancestors.length === 0 ? {} : { ancestors }) };
  // The smallest nodes report processes only.
  const roll = random.below(size === 0.3 ? 62 : 100);
  if (roll < 40) return { process_exec: family };
  if (roll < 62) {
    const how = random.below(5) === 0 ? { signal: 'SIGTERM' } : { status: random.below(3) };
    return { process_exit: { ...family, ...how, time: '@{time}' } };
  }
  if (roll < 86) return { process_kprobe: { ...family, ...kprobe(random, size) } };
  if (roll < 91) {
    const args = [{ long_arg: '@{count}' }, { string_arg: '/var/@{path}' }, { uint_arg: '#{port}' }];
    const point = { subsys: 'raw_syscalls', event: 'sys_enter', args, policy_name: 'syscalls' };
    return { process_tracepoint: { ...family, ...point, action: 'KPROBE_ACTION_POST' } };
  }
  if (roll < 96) {
    const args = [{ linux_binprm_arg: { path: '/usr/bin/@{path}', permission: '-rwxr-xr-x' } }];
    const hash = `sha256:${random.hex(64)}`;
    return {
      process_lsm: {
        ...{ ...family, function_name: 'bprm_check_security', policy_name: 'exec-hashes', args },
        ...{ action: 'KPROBE_ACTION_POST', ima_hash: hash },
      },
    };
  }
  return {
    process_throttle: { type: 'THROTTLE_START', cgroup: `/kubepods.slice/cri-${pod.containerId}.scope` },
  };
}

function kprobe(random: Random, size: SizeKB): JsonObject {
  const sock = {
    ...{ family: 'AF_INET', type: 'SOCK_STREAM', protocol: 'IPPROTO_TCP', saddr: '10.0.3.7', daddr: '@{ip}' },
    ...{ sport: '#{port}', dport: 443, cookie: '1844674407@{count}', state: 'TCP_SYN_SENT' },
  };
  const file = { mount: '', path: '/etc/@{path}', flags: '', permission: '-rw-r--r--' };
  const [function_name, policy_name, args]: [string, string, readonly Json[]] = random.pick([
    ['tcp_connect', 'network', [{ sock_arg: sock, label: 'sk' }]],
    ['tcp_sendmsg', 'network', [{ sock_arg: sock }, { size_arg: '@{count}' }, { int_arg: 0 }]],
    ['security_file_permission', 'files', [{ file_arg: file }, { int_arg: 4 }, { int_arg: '#{port}' }]],
    ['__x64_sys_write', 'files', [{ int_arg: 3 }, { bytes_arg: '@{blob}' }, { size_arg: '@{count}' }]],
  ]);
  const stack = SYMBOLS.map((symbol) => ({ address: '184467440@{address}', offset: '@{count}', symbol }));
  return {
    ...{ function_name, args, return: { int_arg: 0 }, action: 'KPROBE_ACTION_POST', policy_name },
    ...{ return_action: 'KPROBE_ACTION_POST' },
    ...(size === 8 ? { kernel_stack_trace: stack } : {}),
    ...(random.below(4) === 0
      ? { message: 'matched a sensitive path', tags: ['observability.filesystem'] }
      : {}),
  };
}

function shell(pod: Pod): JsonObject {
  return processOf(pod, '/bin/bash', '', DETAIL[1], 'q');
}

/** `who` names the holes of one process: `p` itself, `q` its parent, `r` an ancestor. */
function processOf(
  pod: Pod,
  binary: string,
  args: string,
  detail: Detail,
  who: 'p' | 'q' | 'r',
  random?: Random,
): JsonObject {
  const identity = { exec_id: `@{${who}Exec}`, pid: `#{${who}Pid}` };
  if (!detail.pod) return { ...identity, binary, arguments: '/@{path}', start_time: `@{${who}Start}` };
  const up = who === 'p' ? 'q' : 'r';
  const caps = CAPABILITIES.slice(0, 8 + (random?.below(6) ?? 0));
  return {
    ...{ ...identity, uid: random?.pick([0, 0, 101, 1000]) ?? 0 },
    ...{ cwd: random?.pick(CWDS) ?? '/', binary, ...(args === '' ? {} : { arguments: args }) },
    ...{ flags: random?.pick(FLAGS) ?? 'execve clone', start_time: `@{${who}Start}`, auid: 4294967295 },
    ...podFields(pod),
    parent_exec_id: `@{${up}Exec}`,
    refcnt: random?.below(4) ?? 1,
    ...(detail.capabilities ? { cap: { permitted: caps, effective: caps } } : {}),
    ...(detail.namespaces ? { ns: namespacesOf(pod) } : {}),
    ...{ tid: `#{${who}Pid}`, in_init_tree: false },
  };
}

function podFields(pod: Pod): JsonObject {
  const { name, namespace, app, containerId, imageId } = pod;
  const image = { id: `docker.io/library/${app}@sha256:${imageId}`, name: `docker.io/library/${app}:1.27` };
  const container = {
    id: `containerd://${containerId}`,
    name: app,
    image,
    start_time: '2026-01-02T03:00:00Z',
    pid: 33,
  };
  const pod_labels = { 'app.kubernetes.io/name': app, 'pod-template-hash': containerId.slice(0, 9) };
  return {
    pod: { namespace, name, container, pod_labels, workload: app, workload_kind: 'Deployment' },
    docker: containerId.slice(0, 31),
  };
}

function namespacesOf(pod: Pod): JsonObject {
  const first = 4_026_532_000 + (Number.parseInt(pod.containerId.slice(0, 3), 16) % 900);
  const host = new Set(['time', 'user']);
  return Object.fromEntries(
    NAMESPACE_KINDS.map((kind, i) => [
      kind,
      host.has(kind) ? { inum: 4_026_531_834 + i, is_host: true } : { inum: first + i },
    ]),
  );
}
