// How threads share a step: its rows, panels or elements lie in slots, and every thread begins with slots of its own, next
// to each other and the same ones whenever the step runs, so that what it wrote is still in its cache. It claims an eighth
// of what is left at a time, from the front; when it has nothing left, an eighth of what another has left, from the back.
// A thread that is slow, asleep or on a slower core so costs the others little more than the piece in its hands.
//
//   [ mine | mine | free free free | other | other ]      one thread's slots: claimed by itself, left, claimed by others
//
// A slot's word says which shared step claimed it last, and who. A thread leaves a step when all its slots are claimed, so
// words are never cleared: an older number is a free slot. Which thread computes what changes no bit of any result.
import { MOST_SLOTS, THREAD_SLOTS, THREADS_SLOTS } from '../../src/abi/threads'
import { Word } from '../word'
import { nextShare, shares, threads } from './threads'

/** Below the step's number in a slot's word: the thread, and whether it is done. */
const STEP_SHIFT: i64 = 8
const DONE: i64 = 128

/** Rows, panels or elements of the step in hand. */
let units: i32 = 0
let slots: i32 = 0
/** This thread. */
let self: i32 = 0
/** Its own slots that are left. */
let front: i32 = 0
let back: i32 = 0
/** The slots in its hands. */
let first: i32 = 0
let last: i32 = 0

/** `for (Share.of(total, thread); Share.more(); ) work(Share.begin, Share.end)` */
export class Share {
  static begin: i32 = 0
  /** One past the last. */
  static end: i32 = 0

  /** Opens the one step's share, of `total` units in all. */
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

  /** Opens it for the panels of the columns that operand `index` counts. */
  static columns(step: usize, index: i32, thread: i32): void {
    Share.of(Word.panels(step, index), thread)
  }

  /** Whether there is more to do for this thread, and then what. */
  static more(): bool {
    if (!slots) {
      // one thread: everything, once
      Share.begin = front
      Share.end = front = units
      return Share.begin < units
    }
    first = last = front
    const left = back - front
    // where half of it is lost already, the end is near
    let n = left > 1 && !Slot.isFree(front + (left >> 1)) ? 1 : (left + 7) >> 3
    for (; n > 0 && claim(last); n--) last++
    front = last
    if (first == last) {
      // what comes behind a lost slot is lost too
      back = front
      if (!claimOthers()) return false
    }
    give()
    return true
  }

  /** What was taken last is done: until then, others would do it again for a dead thread. */
  static done(): void {
    if (threads == 1) return
    for (let slot = first; slot < last; slot++) atomic.store<i64>(Slot.at(slot), Slot.mark(self) | DONE)
  }

  /** In a copy of the memory: whether a dead thread has left something undone of its share of `total`, and what. */
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

  /** What a thread writes that claims a slot. */
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
    // somebody was faster: there may be more below
    turn--
  }
  return false
}
