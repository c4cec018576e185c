import { afterEach, expect, test, vi } from 'vitest'
import { createKnownBrowsers } from './known-browser.ts'

afterEach(() => void vi.useRealTimers())

const sent = (cookie: string) => ({ cookie: `a=b; ${cookie.split(';', 1)[0]}; c=d` })

test('a browser is known by its cookie, also among others', () => {
  const browsers = createKnownBrowsers()
  expect(browsers.find(sent(browsers.createCookie({})))).toMatch(/^[\w-]{16}$/)
})

test('a cookie is for this console only, and no script can read it', () => {
  const browsers = createKnownBrowsers()
  expect(browsers.createCookie({})).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/)
  expect(browsers.createCookie({ 'x-forwarded-proto': 'https' })).toMatch(/; Secure$/)
})

test.each([
  ['none', () => ''],
  ['one of another console', () => createKnownBrowsers().createCookie({})],
  ['a longer time', (cookie: string) => cookie.replace(/\.(\d+)\./, '.9$1.')],
  ['another id', (cookie: string) => cookie.replace('=', '=a')],
  ['no signature', (cookie: string) => cookie.replace(/\.[\w-]+;/, '.;')],
])('%s is not known', (_, change) => {
  const browsers = createKnownBrowsers()
  expect(browsers.find(sent(change(browsers.createCookie({}))))).toBeUndefined()
})

test('a cookie ends after 30 days', () => {
  vi.useFakeTimers()
  const browsers = createKnownBrowsers()
  const cookie = sent(browsers.createCookie({}))
  vi.setSystemTime(Date.now() + 30 * 86_400_000 - 2_000)
  expect(browsers.find(cookie)).toBeDefined()
  vi.setSystemTime(Date.now() + 3_000)
  expect(browsers.find(cookie)).toBeUndefined()
})

test('after ten wrong passwords a cookie counts no more', () => {
  const browsers = createKnownBrowsers()
  const cookie = sent(browsers.createCookie({}))
  for (let n = 0; n < 10; n++) browsers.addMistake(browsers.find(cookie) ?? '')
  expect(browsers.find(cookie)).toBeUndefined()
})
