import { createFakeClerk } from '@clerk-sync/fake-clerk'

// A process of its own, so that its memory and its work are not counted as the backfill's.
const fake = await createFakeClerk({ generatedUsers: Number(process.argv[2]) })
process.send?.({ url: fake.url, secretKey: fake.secretKey })
process.on('disconnect', () => process.exit())
