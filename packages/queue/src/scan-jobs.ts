import type { Job } from 'bullmq'
import type { OpenQueue } from './open-queue.ts'

// Small enough not to hold up the server, and a page of events fits into memory many times.
const pageSize = 200

/** All jobs that failed or wait for their next attempt, a page at a time. */
export async function* scanJobs(opened: OpenQueue): AsyncGenerator<Job[]> {
  for (const state of ['failed', 'delayed'] as const) {
    for (let start = 0; ; start += pageSize) {
      const jobs = await opened.queue.getJobs([state], start, start + pageSize - 1, true)
      // A job that went meanwhile leaves a hole in the page.
      const found = jobs.filter((job) => job !== undefined && job !== null)
      if (found.length > 0) yield found
      if (jobs.length < pageSize) break
    }
  }
}
