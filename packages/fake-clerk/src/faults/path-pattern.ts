/**
 * Builds the test for a path: `*` stands for one part of it, `**` for any number of parts, as in
 * `/v1/organizations/*\/memberships` and `/v1/**`.
 */
export function buildPathTest(pattern: string): (path: string) => boolean {
  const source = pattern
    .split('/')
    .map((part) => {
      if (part === '**') return '.+'
      return part === '*' ? '[^/]+' : part.replaceAll(/[^\w-]/g, String.raw`\$&`)
    })
    .join('/')
  const expression = new RegExp(`^${source}$`)
  return (path) => expression.test(path)
}
