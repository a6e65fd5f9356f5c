// Work stealing within a step: its rows, panels or elements are divided into slots, and every thread starts with its own contiguous
// slots, the same ones whenever the step runs, so that its data is still in its cache. It claims an eighth
// of the remaining ones at a time, from the front; when it has none left, an eighth of another thread's, from the back.
// So a thread that is slow, asleep or on a slower core delays the others by little more than its current piece.
//
//   [ mine | mine | free free free | other | other ]      one thread's slots: claimed by itself, free, claimed by others
//
// A slot's word contains the number of the shared step that claimed it last, and the thread. A thread leaves a step when all its
// slots are claimed. Words are never cleared: an older number marks a free slot. Results do not depend on which thread computes what.
import { MOST_SLOTS, THREAD_SLOTS, THREADS_SLOTS } from '../../src/abi/threads'
import { Word } from '../word'
import { nextShare, shares, threads } from './threads'

/** Below the step's number in a slot's word: the thread, and whether it is done. */
const STEP_SHIFT: i64 = 8
const DONE: i64 = 128

/** Rows, panels or elements of the current step. */
let units: i32 = 0
let slots: i32 = 0
/** This thread. */
let self: i32 = 0
/** Its own remaining slots. */
let front: i32 = 0
let back: i32 = 0
/** The slots it is working on. */
let first: i32 = 0
let last: i32 = 0

/** `for (Share.of(total, thread); Share.more(); ) work(Share.begin, Share.end)` */
export class Share {
  static begin: i32 = 0
  /** One past the last. */
  static end: i32 = 0

  /** Starts splitting a step of `total` units. */
  static of(total: i32, thread: i32): void {
    units = total
    slots = front = 0
    if (threads == 1) return
    nextShare()
    slots = Slot.count()
    self = thread
    front = Slot.of(thread)
    back = Slot.of(thread + 1)
  }

  /** Starts splitting by panels of the columns counted by operand `index`. */
  static columns(step: usize, index: i32, thread: i32): void {
    Share.of(Word.panels(step, index), thread)
  }

  /** Claims the next piece; returns false if there is none. */
  static more(): bool {
    if (!slots) {
      // one thread: everything at once
      Share.begin = front
      Share.end = front = units
      return Share.begin < units
    }
    first = last = front
    const left = back - front
    // if half of it has been stolen, little is left
    let n = left > 1 && !Slot.isFree(front + (left >> 1)) ? 1 : (left + 7) >> 3
    for (; n > 0 && claim(last); n--) last++
    front = last
    if (first == last) {
      // everything behind a stolen slot is stolen, too
      back = front
      if (!claimOthers()) return false
    }
    give()
    return true
  }

  /** Marks the last piece as done; otherwise others would redo it if this thread dies. */
  static done(): void {
    if (threads == 1) return
    for (let slot = first; slot < last; slot++) atomic.store<i64>(Slot.at(slot), Slot.mark(self) | DONE)
  }

  /** In a copy of the memory: the next unfinished piece of a dead thread's share of `total`; false if there is none. */
  static left(total: i32, thread: i32): bool {
    units = total
    slots = Slot.count()
    first = last = 0
    for (let slot = 0; slot < slots; slot++) {
      if (load<i64>(Slot.at(slot)) != Slot.mark(thread)) continue
      if (first == last) first = slot
      last = slot + 1
    }
    give()
    return first < last
  }
}

class Slot {
  @inline static count(): i32 {
    return min(units, min(MOST_SLOTS, THREAD_SLOTS * threads))
  }

  @inline static at(slot: i32): usize {
    return <usize>THREADS_SLOTS + ((<usize>slot) << 3)
  }

  /** The word with which a thread claims a slot. */
  @inline static mark(thread: i32): i64 {
    return (shares << STEP_SHIFT) | <i64>thread
  }

  @inline static isFree(slot: i32): bool {
    return atomic.load<i64>(Slot.at(slot)) >> STEP_SHIFT < shares
  }

  /** First slot of a thread. */
  @inline static of(thread: i32): i32 {
    return (slots * thread) / threads
  }
}

/** The units of slots [first, last). */
function give(): void {
  Share.begin = slots == units ? first : <i32>((<i64>units * first) / slots)
  Share.end = slots == units ? last : <i32>((<i64>units * last) / slots)
}

function claim(slot: i32): bool {
  const at = Slot.at(slot)
  const seen = atomic.load<i64>(at)
  return seen >> STEP_SHIFT < shares && atomic.cmpxchg<i64>(at, seen, Slot.mark(self)) == seen
}

function claimOthers(): bool {
  for (let turn = 1; turn < threads; turn++) {
    const other = self + turn < threads ? self + turn : self + turn - threads
    const begin = Slot.of(other)
    last = Slot.of(other + 1)
    while (last > begin && !Slot.isFree(last - 1)) last--
    if (last == begin) continue
    let free = last - 1
    while (free > begin && Slot.isFree(free - 1)) free--
    first = last
    for (let n = (last - free + 7) >> 3; n > 0 && claim(first - 1); n--) first--
    if (first < last) return true
    // another thread was faster: there may be more below
    turn--
  }
  return false
}
