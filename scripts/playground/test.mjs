// Tests the page in a browser, and the pictures of docs: one line per check, then the counts. Screenshots of every state go to playground/screenshots.
import { finish } from './suite.mjs'

// sequentially, since they would disturb each other's measurements
for (const subject of ['loading', 'training', 'controls', 'tours', 'tables', 'screens', 'pictures', 'speed']) {
  await import(`./tests/${subject}.mjs`)
}
await finish()
