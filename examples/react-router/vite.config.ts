import { reactRouter } from '@react-router/dev/vite'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [reactRouter()],
  // Outside of the bundle it would load a second react-router in development.
  ssr: { noExternal: ['@clerk/react-router'] },
})
