// Apart from config.ts: an application that reads lists of fields needs no zod.

/** The names in a list that is separated by commas or spaces. */
export function splitNames(text: string): string[] {
  return text.split(/[\s,]+/).filter((name) => name !== '')
}
