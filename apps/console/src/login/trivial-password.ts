// As in p@ssw0rd.
const disguises: Readonly<Record<string, string>> = {
  '@': 'a',
  0: 'o',
  1: 'i',
  3: 'e',
  4: 'a',
  $: 's',
}
const words =
  /password|admin|root|user|operator|qwerty(?:uiop)?|asdf(?:ghjkl)?|zxcv(?:bnm)?|letmein|iloveyou|welcome|change.?(?:me|this|it)|secret|default|example|test|login|clerk|sync|board|console|webhook/g
const fewestDifferent = 5

/**
 * Whether a password is one that guessers try first: few different characters, a sequence, something
 * repeated, or the user's name and common words with hardly anything else.
 */
export function isTrivialPassword(password: string, user = ''): boolean {
  const text = password.toLowerCase()
  if (countDifferent(text) < fewestDifferent || isSequence(text)) return true
  if (/^(.+)\1+$/s.test(text)) return true
  const plain = text.replaceAll(/[@0134$]/g, (char) => disguises[char] ?? char)
  const rest = (user ? text.replaceAll(user.toLowerCase(), '') : text)
    .replaceAll(/[@0134$]/g, (char) => disguises[char] ?? char)
    .replaceAll(words, '')
  return rest !== plain && countDifferent(rest.replaceAll(/[\W_\d]/g, '')) < fewestDifferent
}

function countDifferent(text: string): number {
  return new Set(text).size
}

// 123456789012, lkjihgfedcba and their like.
function isSequence(text: string): boolean {
  const codes = Array.from(text, (char) => char.codePointAt(0) ?? 0)
  const jumps = codes.slice(1).filter((code, at) => Math.abs(code - (codes[at] ?? 0)) !== 1)
  return jumps.length <= 1
}
