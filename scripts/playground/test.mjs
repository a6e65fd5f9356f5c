// What the page promises, in a browser, and the pictures of docs: a line for each, then the counts. Screenshots of every state lie in playground/screenshots.
import { finish } from './suite.mjs'

// one after the other: what one measures, the others would disturb
for (const subject of ['loading', 'training', 'controls', 'tours', 'tables', 'screens', 'pictures', 'speed']) {
  await import(`./tests/${subject}.mjs`)
}
await finish()
