/** What an experiment is: something to run, and the page that its results make. */
import type { Part } from './report.ts'

/** What `run` is given. */
export interface Bench {
  /** A run of seconds, for the tests: fewer seeds and steps, the digits in the place of larger images. Its numbers mean nothing. */
  readonly smoke: boolean
  /**
   * The result of `work`, a value that JSON can hold. A run that is interrupted keeps it, and the next one of the same experiment
   * takes it from there, so that hours of training are not lost.
   */
  once<Result>(key: string, work: () => Result | Promise<Result>): Promise<Result>
}

/** What a page says. Numbers come from the results, so that a page can be written again without running. */
export interface Page {
  /** Who has claimed what, and where. */
  readonly source: string
  readonly claim: string
  /** Networks, data, rates, seeds: what somebody needs to run it elsewhere. */
  readonly settings: readonly string[]
  readonly parts: readonly Part[]
  /** Where the measurements and the claim agree, and where they do not. */
  readonly verdict: string
  /** The verdict in a few words, for the index. */
  readonly outcome: string
}

export interface Experiment<Results> {
  readonly name: string
  readonly title: string
  /** Folders of FOURLANE_DATA that a full run reads. */
  readonly data?: readonly string[]
  run(bench: Bench): Promise<Results>
  page(results: Results): Page
}

/** An experiment whose results are its own affair. */
export interface AnyExperiment {
  readonly name: string
  readonly title: string
  readonly data: readonly string[]
  run(bench: Bench): Promise<unknown>
  page(results: unknown): Page
}

/** Results come from `run`, or from the file that a run of the same experiment wrote. */
export const experiment = <Results>({ data = [], ...own }: Experiment<Results>): AnyExperiment => ({
  ...own,
  data,
  page: (results) => own.page(results as Results),
})
