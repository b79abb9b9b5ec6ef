{{/* Names of what the operators make of our resources. */}}
{{- define "suite.postgres" -}}{{ .Release.Name }}-postgres{{- end }}
{{- define "suite.kafka" -}}{{ .Release.Name }}-kafka{{- end }}
{{- define "suite.connect" -}}{{ .Release.Name }}-connect{{- end }}
{{- define "suite.bootstrap" -}}{{ include "suite.kafka" . }}-kafka-bootstrap:9092{{- end }}

{{/* Labels of everything. */}}
{{- define "suite.labels" -}}
app.kubernetes.io/part-of: team-suite
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Values.images.tag | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* Labels that select the pods of one process. In: root, name. */}}
{{- define "suite.selector" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{/* In: root, image. */}}
{{- define "suite.image" -}}
{{ .root.Values.images.repository }}/{{ .image }}:{{ .root.Values.images.tag | default .root.Chart.AppVersion }}
{{- end }}

{{/* The contract of a topic as JSON, from the files of contracts/topics. In: root, topic. */}}
{{- define "suite.contract" -}}
{{- $found := dict -}}
{{- range $path, $bytes := .root.Files.Glob "topics/*.yaml" -}}
{{- $contract := $bytes | toString | fromYaml -}}
{{- if eq $contract.topic $.topic -}}{{- $found = $contract -}}{{- end -}}
{{- end -}}
{{- if not $found -}}{{- fail (printf "contracts/topics has no topic %q" .topic) -}}{{- end -}}
{{ toJson $found }}
{{- end }}

{{/* The group in which a service consumes. In: contract, service. */}}
{{- define "suite.group" -}}
{{- $group := "" -}}
{{- range .contract.consumers -}}
{{- if eq .service $.service -}}{{- $group = .group -}}{{- end -}}
{{- end -}}
{{- required (printf "the contract of %s has no consumer %q" .contract.topic .service) $group -}}
{{- end }}

{{/* Those of every process, its own, and those from secrets. In: root, values, secrets. */}}
{{- define "suite.variables" -}}
{{- range $name, $value := merge dict (.values | default dict) .root.Values.env }}
- {name: {{ $name }}, value: {{ $value | toString | quote }}}
{{- end }}
{{- range $name, $secret := .secrets }}
- {name: {{ $name }}, valueFrom: {secretKeyRef: {name: {{ $secret.name }}, key: {{ $secret.key }}}}}
{{- end }}
{{- end }}

{{/* The name of the service that issues access tokens. */}}
{{- define "suite.issuer" -}}
{{- $found := list -}}
{{- range $name, $service := .Values.services -}}
{{- if eq ($service.tokens | default "") "issues" -}}{{- $found = append $found $name -}}{{- end -}}
{{- end -}}
{{- if ne (len $found) 1 -}}{{- fail "exactly one of services has to have tokens: issues" -}}{{- end -}}
{{ first $found }}
{{- end }}

{{/* A service's address as people know it: by its host or, if it has none, inside the cluster. In: root, name. */}}
{{- define "suite.address" -}}
{{- $host := (get .root.Values.services .name).host -}}
{{ ternary (printf "https://%s" $host) (printf "http://%s-%s" .root.Release.Name .name) (not (empty $host)) }}
{{- end }}

{{/* Who signs access tokens, whom they are for, and where its keys are. In: root, service. */}}
{{- define "suite.tokenVariables" -}}
{{- if .service.tokens }}
{{- $name := include "suite.issuer" .root }}
{{- $inside := printf "%s-%s" .root.Release.Name $name }}
{{- $address := include "suite.address" (dict "root" .root "name" $name) }}
- {name: AUTH_ISSUER, value: {{ .root.Values.tokens.issuer | default $address | quote }}}
- {name: AUTH_AUDIENCE, value: {{ .root.Values.tokens.audience | quote }}}
{{- if eq .service.tokens "issues" }}
- {name: USER_TEAM_INTERNAL_HOSTS, value: {{ $inside | quote }}}
{{- else }}
- {name: AUTH_JWKS_URL, value: "http://{{ $inside }}/.well-known/jwks.json"}
{{- end }}
{{- end }}
{{- end }}

{{/* Where a service's database is, and whose it is. In: root, database (an entry of .Values.databases). */}}
{{- define "suite.databaseVariables" -}}
{{- with .database }}
- {name: POSTGRES_HOST, value: {{ include "suite.postgres" $.root }}-rw}
- {name: POSTGRES_PORT, value: "5432"}
- {name: {{ .prefix }}_DB_NAME, value: {{ .name }}}
- {name: {{ .prefix }}_DB_USER, value: {{ .role }}}
- {name: {{ .prefix }}_DB_PASSWORD, valueFrom: {secretKeyRef: {name: {{ .secret }}, key: password}}}
{{- end }}
{{- end }}

{{/* What a pod of ours may: nothing. Begins its spec. */}}
{{- define "suite.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.images.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
volumes:
  - name: tmp
    emptyDir: {medium: Memory, sizeLimit: 64Mi}
{{- end }}

{{- define "suite.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
volumeMounts:
  - {name: tmp, mountPath: /tmp}
{{- end }}

{{/* Asks a page of the process itself; the Host header is one that every service accepts. */}}
{{- define "suite.probe" -}}
httpGet: {path: /health/{{ . }}, port: http, httpHeaders: [{name: Host, value: localhost}]}
{{- end }}

{{/* Data outlives the release that asked for it. */}}
{{- define "suite.keep" -}}
helm.sh/resource-policy: keep
argocd.argoproj.io/sync-options: Prune=false,Delete=false
{{- end }}

{{/* A peer of a network policy: all pods of a namespace. */}}
{{- define "suite.namespacePeer" -}}
namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{ . }}}}
{{- end }}

{{/* The way to the names. */}}
{{- define "suite.dnsEgress" -}}
- to:
    - {{ include "suite.namespacePeer" .Values.networkPolicy.namespaces.dns }}
  ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
{{- end }}

{{- define "suite.postgresEgress" -}}
- to:
    - podSelector: {matchLabels: {cnpg.io/cluster: {{ include "suite.postgres" . }}}}
  ports:
    - {port: 5432, protocol: TCP}
{{- end }}

{{- define "suite.kafkaEgress" -}}
- to:
    - podSelector: {matchLabels: {strimzi.io/name: {{ include "suite.kafka" . }}-kafka}}
  ports:
    - {port: 9092, protocol: TCP}
{{- end }}

{{/* Operated pods ask the API server, whose address no selector can name. */}}
{{- define "suite.apiServerEgress" -}}
- ports:
    - {port: 443, protocol: TCP}
    - {port: 6443, protocol: TCP}
{{- end }}
