// Headless Chromium: opens a page, waits for what it posts to /result.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { extname, join, normalize } from 'node:path'

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const SECONDS = 60
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm' }
/** The least that docs/runtimes.md tells applications to allow if they send a policy. */
const POLICY = "default-src 'self'; img-src data:; worker-src 'self' blob:; script-src 'self' 'wasm-unsafe-eval'"

/** A promise of the posted result, and the request handler that receives it. */
function mailbox() {
  let deliver
  const result = new Promise((resolve) => {
    deliver = resolve
  })
  const take = (request, response) => {
    let body = ''
    request.on('data', (part) => {
      body += part
    })
    request.on('end', () => {
      response.end()
      deliver(JSON.parse(body))
    })
  }
  return { result, take }
}

function serveFolder(folder, take, policy) {
  const server = createServer((request, response) => {
    const path = new URL(request.url, 'http://localhost').pathname
    if (path === '/result') return take(request, response)
    try {
      const file = join(folder, normalize(path === '/' ? '/index.html' : path))
      const content = readFileSync(file)
      response.writeHead(200, {
        'content-type': TYPES[extname(file)] ?? 'text/plain',
        'content-security-policy': policy,
        // isolated, so that the page may share memory with workers
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-embedder-policy': 'require-corp',
      })
      response.end(content)
    } catch {
      response.writeHead(404).end()
    }
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve({ url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() })
    })
  })
}

/** What the page at `source` posts; `source` is a folder to serve, or a function that serves it. `scripts` adds script sources to the policy. */
export async function visit(chromium, source, scripts = '') {
  const { result, take } = mailbox()
  const site = typeof source === 'string' ? await serveFolder(source, take, POLICY + scripts) : await source(take)
  const profile = mkdtempSync(join(tmpdir(), 'fourlane-profile-'))
  const browser = spawn(chromium, [...FLAGS, `--user-data-dir=${profile}`, site.url], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // its own process group, so that its helpers end with it
    detached: true,
  })
  let complaints = ''
  browser.stderr.on('data', (text) => {
    complaints += text
  })
  let timer
  const timeout = new Promise((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no result within ${SECONDS} s\n${complaints.slice(-2000)}`)),
      SECONDS * 1000,
    )
  })
  try {
    return await Promise.race([result, timeout])
  } finally {
    clearTimeout(timer)
    const gone = new Promise((resolve) => browser.once('exit', resolve))
    process.kill(-browser.pid, 'SIGKILL')
    await gone
    await site.close()
    rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
}
