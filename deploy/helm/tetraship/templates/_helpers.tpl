{{- define "tetraship.name" -}}
{{- if contains "tetraship" .Release.Name }}{{ .Release.Name | trunc 53 | trimSuffix "-" }}{{ else }}{{ printf "%s-tetraship" .Release.Name | trunc 53 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "tetraship.selector" -}}
app.kubernetes.io/name: tetraship
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "tetraship.labels" -}}
{{ include "tetraship.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "tetraship.image" -}}
{{- with .Values.image }}{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}{{ end }}
{{- end }}

{{- define "tetraship.rulesConfigMap" -}}
{{- .Values.rulesConfigMap | default (printf "%s-rules" (include "tetraship.name" .)) }}
{{- end }}

{{/* The memory limit in MiB; the schema admits only Mi and Gi. */}}
{{- define "tetraship.limitMiB" -}}
{{- $limit := .Values.resources.limits.memory }}
{{- if hasSuffix "Gi" $limit }}{{ mul (trimSuffix "Gi" $limit | int) 1024 }}{{ else }}{{ trimSuffix "Mi" $limit | int }}{{ end }}
{{- end }}

{{/* name=value,… of a map. */}}
{{- define "tetraship.pairs" -}}
{{- $pairs := list }}
{{- range $name, $value := . }}{{ $pairs = append $pairs (printf "%s=%v" $name $value) }}{{ end }}
{{- join "," $pairs }}
{{- end }}

{{/* What the agent is told, the same for the DaemonSet and the test of the chart. */}}
{{- define "tetraship.env" -}}
{{- if not .Values.parseable.urls }}
{{- fail "parseable.urls is required: the address of your Parseable, as in --set 'parseable.urls={http://parseable.parseable:8000}'" }}
{{- end }}
{{- $columns := list }}
{{- with .Values.nodeColumn }}{{ $columns = append $columns (printf "%s=$(TETRASHIP_NODE_NAME)" .) }}{{ end }}
{{- with .Values.addColumns }}{{ $columns = append $columns (include "tetraship.pairs" .) }}{{ end -}}
- name: TETRASHIP_NODE_NAME
  valueFrom:
    fieldRef:
      fieldPath: spec.nodeName
{{- with $columns }}
- name: TETRASHIP_ADD_COLUMNS
  value: {{ join "," . | quote }}
{{- end }}
- name: PARSEABLE_URL
  value: {{ join "," .Values.parseable.urls | quote }}
- name: PARSEABLE_STREAM
  value: {{ .Values.parseable.stream | quote }}
{{- with .Values.parseable.tags }}
- name: PARSEABLE_TAGS
  value: {{ include "tetraship.pairs" . | quote }}
{{- end }}
{{- with .Values.parseable.credentials }}
{{- if .apiKeyKey }}
- name: PARSEABLE_API_KEY_FILE
  value: /etc/tetraship/credentials/{{ .apiKeyKey }}
{{- else }}
- name: PARSEABLE_USERNAME_FILE
  value: /etc/tetraship/credentials/{{ .usernameKey }}
- name: PARSEABLE_PASSWORD_FILE
  value: /etc/tetraship/credentials/{{ .passwordKey }}
{{- end }}
{{- end }}
{{- with .Values.parseable.tls }}
{{- if .caSecretName }}
- name: PARSEABLE_CA_FILE
  value: /etc/tetraship/ca/ca.crt
{{- end }}
{{- if .clientSecretName }}
- name: PARSEABLE_CERT_FILE
  value: /etc/tetraship/client/tls.crt
- name: PARSEABLE_KEY_FILE
  value: /etc/tetraship/client/tls.key
{{- end }}
{{- if .skipCheck }}
- name: PARSEABLE_SKIP_TLS_CHECK
  value: "true"
{{- end }}
{{- end }}
{{- with .Values.tetragon.logs }}
- name: TETRAGON_LOG
  value: {{ join "," . | quote }}
{{- end }}
- name: TETRASHIP_RULES
  value: /etc/tetraship/rules
- name: TETRASHIP_SHUTDOWN_GRACE
  value: {{ printf "%vs" .Values.shutdownGraceSeconds }}
# V8's own heap, in step with the memory limit: two fifths of it. The rest is the kernel's memory, the
# outbox and Node itself; without a bound V8 would size itself by the machine.
- name: NODE_OPTIONS
  value: --max-old-space-size={{ div (mul (include "tetraship.limitMiB" . | int) 2) 5 }}
{{- range $name, $key := .Values.secretSettings }}
- name: {{ $name }}_FILE
  value: /etc/tetraship/credentials/{{ $key }}
{{- end }}
{{- range $name, $value := .Values.settings }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end }}

{{/* Logs, state, secrets and rules, the same for the DaemonSet and the test of the chart. */}}
{{- define "tetraship.mounts" -}}
{{- range $i, $folder := .Values.tetragon.folders }}
- name: log-{{ $i }}
  mountPath: {{ $folder }}
  readOnly: true
{{- end }}
- name: state
  mountPath: /var/lib/tetraship
- name: credentials
  mountPath: /etc/tetraship/credentials
  readOnly: true
- name: rules
  mountPath: /etc/tetraship/rules
  readOnly: true
{{- with .Values.parseable.tls.caSecretName }}
- name: ca
  mountPath: /etc/tetraship/ca
  readOnly: true
{{- end }}
{{- with .Values.parseable.tls.clientSecretName }}
- name: client
  mountPath: /etc/tetraship/client
  readOnly: true
{{- end }}
{{- range $i, $name := .Values.extraSecrets }}
- name: secret-{{ $i }}
  mountPath: /etc/tetraship/secrets/{{ $name }}
  readOnly: true
{{- end }}
{{- end }}

{{/* All but the state, which the test of the chart must not share with an agent. */}}
{{- define "tetraship.volumes" -}}
# Where Tetragon keeps its log, or will keep it: a folder in one of them that appears later is seen.
{{- range $i, $folder := .Values.tetragon.folders }}
- name: log-{{ $i }}
  hostPath:
    path: {{ $folder }}
    type: DirectoryOrCreate
{{- end }}
- name: credentials
  secret:
    secretName: {{ .Values.parseable.credentials.secretName }}
    defaultMode: 256 # 0400
- name: rules
{{- with .Values.extraRulesConfigMaps }}
  projected:
    sources:
      - configMap:
          name: {{ include "tetraship.rulesConfigMap" $ }}
      {{- range . }}
      - configMap:
          name: {{ . }}
      {{- end }}
{{- else }}
  configMap:
    name: {{ include "tetraship.rulesConfigMap" . }}
{{- end }}
{{- with .Values.parseable.tls.caSecretName }}
- name: ca
  secret:
    secretName: {{ . }}
    defaultMode: 256
{{- end }}
{{- with .Values.parseable.tls.clientSecretName }}
- name: client
  secret:
    secretName: {{ . }}
    defaultMode: 256
{{- end }}
{{- range $i, $name := .Values.extraSecrets }}
- name: secret-{{ $i }}
  secret:
    secretName: {{ $name }}
    defaultMode: 256
{{- end }}
{{- end }}

{{- define "tetraship.security" -}}
# Tetragon's files belong to root with mode 600; see docs/security.md.
runAsUser: 0
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop:
    - ALL
  add:
    - DAC_READ_SEARCH
seccompProfile:
  type: RuntimeDefault
{{- end }}
