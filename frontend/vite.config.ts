import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

// The server that answers /api while developing; `npm run mock` starts a stand-in on the same port.
const server = process.env['AISLE_URL'] ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [react()],
  server: {
    proxy: {
      '/api': { target: server, ws: true },
      '/sandbox': { target: server },
    },
  },
  build: {
    target: 'es2022',
    // Everything is a file of ours: nothing inline, so that the content security policy needs no exceptions.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: {
    environment: 'happy-dom',
    setupFiles: ['src/test-setup.ts'],
    include: ['src/**/*.test.{ts,tsx}'],
    css: false,
  },
})
