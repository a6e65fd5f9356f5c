/** The index: a course through the experiments. */
import type { AnyExperiment, Page } from './experiment.ts'
import { cpuTime } from './report.ts'

export interface Chapter {
  readonly title: string
  /** What is asked, and why in this order. */
  readonly text: string
  /** Each with the question that it answers. */
  readonly experiments: readonly (readonly [question: string, experiment: AnyExperiment])[]
}

const INTRO = `# Experiments

What textbooks and papers claim about training neural networks, run again here: each page has the claim of its source, what was
measured, with seeds, machine and settings, and a verdict, which is not always "as claimed". They are in an order to read them in.

\`npm run experiment -- NAME\` runs one and writes its page, \`npm run experiment -- all\` all of them. MNIST and CIFAR-10 are read from the
folder that \`FOURLANE_DATA\` names. The programs, in [examples/experiments](../../examples/experiments), use public names only.`

/** @param cpuSeconds of all runs whose pages there are. */
export function writeIndex(course: readonly Chapter[], pages: ReadonlyMap<string, Page>, cpuSeconds: number): string {
  const chapters = course.map(({ title, text, experiments }, i) => {
    const items = experiments.map(([question, { name, title }]) => {
      const page = pages.get(name)
      return page
        ? `* [${title}](${name}.md). ${question} **${page.outcome}**`
        : `* ${title}. ${question} Not run yet: \`npm run experiment -- ${name}\`.`
    })
    return [`## ${i + 1}. ${title}`, text, items.join('\n')].join('\n\n')
  })
  const time = `The runs behind these ${pages.size} pages took ${cpuTime(cpuSeconds)} of processor time together.`
  return `${[INTRO, ...chapters, time].join('\n\n')}\n`
}
