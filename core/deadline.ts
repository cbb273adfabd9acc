/**
 * A moment by which something has to be done, on a clock that never jumps: the wall clock may be set while
 * something waits.
 */
export class Deadline {
  private readonly end: number;

  /** @param milliseconds from now. */
  constructor(milliseconds: number) {
    this.end = performance.now() + milliseconds;
  }

  /** Milliseconds; negative after the deadline. */
  get left(): number {
    return this.end - performance.now();
  }

  get isOver(): boolean {
    return this.left <= 0;
  }
}
