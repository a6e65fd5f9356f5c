import { createHash } from 'node:crypto'
import { defineConfig, type Plugin } from 'vite'

/** Pages that are isolated may share memory with the library's threads. */
const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }

/** A service worker that keeps exactly the files of this build, so that the page works without a network after its first load. */
function offline(): Plugin {
  return {
    name: 'offline',
    generateBundle(_, bundle) {
      const files = ['./', ...Object.keys(bundle).map((name) => `./${name}`), './icon.svg', './manifest.webmanifest']
      const version = createHash('sha256').update(files.join()).digest('hex').slice(0, 12)
      this.emitFile({
        type: 'asset',
        fileName: 'sw.js',
        source: serviceWorker(
          version,
          files.filter((name) => !name.endsWith('index.html')),
        ),
      })
    },
  }
}

const serviceWorker = (version: string, files: readonly string[]): string => `const CACHE = 'playground-${version}'
const FILES = ${JSON.stringify(files)}
addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)).then(() => skipWaiting()))
})
addEventListener('activate', (event) => {
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter((name) => name.startsWith('playground-') && name !== CACHE).map((name) => caches.delete(name))))
      .then(() => clients.claim()),
  )
})
addEventListener('fetch', (event) => {
  if (event.request.method !== 'GET') return
  event.respondWith(caches.match(event.request, { ignoreSearch: true, ignoreVary: true }).then((found) => found ?? fetch(event.request)))
})
`

export default defineConfig({
  base: './',
  plugins: [offline()],
  worker: { format: 'es' },
  // the library is a link to the parent folder; its modules can be served as they are
  optimizeDeps: { exclude: ['fourlane'] },
  build: { target: 'es2023', modulePreload: { polyfill: false } },
  server: { headers, fs: { allow: ['..'] } },
  preview: { headers },
})
