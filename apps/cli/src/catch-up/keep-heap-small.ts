import { setFlagsFromString } from 'node:v8'

/**
 * Lets V8 collect garbage early. A page of Clerk is garbage as soon as it is written, and what is
 * alive stays below 50 MB, but on a large machine the heap grows to five times as much before it is
 * looked at: 390 MB in all against 190 MB. It costs a third of the speed where nothing else limits it;
 * Clerk's own answers take longer.
 */
export const keepHeapSmall = () => setFlagsFromString('--optimize-for-size')
