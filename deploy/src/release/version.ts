import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readManifest, root } from '../npm/build.ts'

/** The version of the product: the npm packages and the processes read it in the root package.json. */
export const version = readManifest('.').version

// Every other file that names it.
const image = /(?<=clerk-sync:)\d[\w.-]*/g
const places: Readonly<Record<string, RegExp>> = {
  Dockerfile: /(?<=^ARG VERSION=).+$/gm,
  'docker-compose.yml': image,
  'docs/deploy.md': image,
  'docs/security.md': image,
  'deploy/helm/clerk-sync/Chart.yaml': /(?<=^(?:version|appVersion): ).+$/gm,
  'deploy/kubernetes/README.md': image,
  'deploy/kubernetes/base/kustomization.yaml': /(?<=newTag: |\/version: ).+$/gm,
  'deploy/kubernetes/overlays/example/kustomization.yaml': /(?<=newTag: ).+$/gm,
  ...Object.fromEntries(
    globSync('examples/*/package.json', { cwd: root }).map((file) => [
      file,
      /(?<="clerk-sync": ")[^"]+/g,
    ]),
  ),
}

/** The versions that each file names; none where the file says it in another way than expected. */
export function readVersions(): Record<string, readonly string[]> {
  return Object.fromEntries(
    Object.entries(places).map(([file, pattern]) => [file, read(file).match(pattern) ?? []]),
  )
}

const read = (file: string) => readFileSync(join(root, file), 'utf8')

if (import.meta.main) {
  for (const [file, pattern] of Object.entries(places)) {
    writeFileSync(join(root, file), read(file).replaceAll(pattern, version))
  }
}
