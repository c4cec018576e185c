{{- define "clerk-sync.name" -}}
{{- if contains "clerk-sync" .Release.Name -}}
{{- .Release.Name | trunc 48 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-clerk-sync" (.Release.Name | trunc 37 | trimSuffix "-") -}}
{{- end -}}
{{- end -}}

{{- define "clerk-sync.labels" -}}
app.kubernetes.io/name: clerk-sync
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "clerk-sync.selector" -}}
app.kubernetes.io/name: clerk-sync
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- /* As JSON writes it: toString would make 6.7108864e+07 of a large number. */ -}}
{{- define "clerk-sync.settings" -}}
{{- range $name, $value := .Values.settings }}
{{ $name }}: {{ kindIs "string" $value | ternary $value (toJson $value) | quote }}
{{- end }}
{{- end -}}

{{- /* Takes: root, component. */ -}}
{{- define "clerk-sync.podMetadata" -}}
labels:
  {{- include "clerk-sync.selector" .root | nindent 2 }}
  app.kubernetes.io/component: {{ .component }}
annotations:
  # New pods when a setting changes. A change of the Secret needs "kubectl rollout restart".
  checksum/settings: {{ .root.Values.settings | toJson | sha256sum }}
  {{- if and (ne .component "migrate") (not .root.Values.prometheus.podMonitor.enabled) }}
  prometheus.io/scrape: 'true'
  prometheus.io/port: '9464'
  {{- end }}
  {{- with .root.Values.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "clerk-sync.podSpec" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
volumes:
  - name: tmp
    emptyDir:
      sizeLimit: 64Mi
{{- end -}}

{{- /* Takes: root, component. */ -}}
{{- define "clerk-sync.spread" -}}
topologySpreadConstraints:
  {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - topologyKey: {{ . }}
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "clerk-sync.selector" $.root | nindent 8 }}
        app.kubernetes.io/component: {{ $.component }}
    matchLabelKeys: [pod-template-hash]
  {{- end }}
{{- end -}}

{{- define "clerk-sync.image" -}}
{{- with .Values.image -}}
{{- required "set image.repository to where the image of clerk-sync is, such as registry.example.com/clerk-sync" .repository -}}
:{{ .tag | default $.Chart.AppVersion }}{{ with .digest }}@{{ . }}{{ end }}
{{- end -}}
{{- end -}}

{{- /* Takes: root, settings (the name of the ConfigMap), secrets (key, or name=key), optional (keys), resources. */ -}}
{{- define "clerk-sync.container" -}}
image: {{ include "clerk-sync.image" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
envFrom:
  - configMapRef:
      name: {{ .settings }}
env:
  {{- range concat .secrets (.optional | default list) }}
  - name: {{ splitList "=" . | first }}
    valueFrom:
      secretKeyRef:
        name: {{ $.root.Values.existingSecret }}
        key: {{ splitList "=" . | last }}
        {{- if has . ($.optional | default list) }}
        optional: true
        {{- end }}
  {{- end }}
resources:
  {{- toYaml .resources | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
volumeMounts:
  - name: tmp
    mountPath: /tmp
{{- end -}}

{{- /* Takes the failureThreshold of the readiness probe. */ -}}
{{- define "clerk-sync.probes" -}}
startupProbe:
  httpGet:
    path: /livez
    port: ops
  periodSeconds: 2
  failureThreshold: 30
livenessProbe:
  httpGet:
    path: /livez
    port: ops
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  httpGet:
    path: /readyz
    port: ops
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: {{ . }}
{{- end -}}
