import type { NextConfig } from 'next'

const config: NextConfig = {
  // Not bundled: it loads bullmq only where redisUrl is given.
  serverExternalPackages: ['clerk-sync'],
}

export default config
