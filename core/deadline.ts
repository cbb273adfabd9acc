/** Deadline on the monotonic clock. Setting the wall clock does not move the deadline. */
export class Deadline {
  private readonly end: number;

  /** @param milliseconds from now until the deadline. */
  constructor(milliseconds: number) {
    this.end = performance.now() + milliseconds;
  }

  /** Milliseconds until the deadline; negative after the deadline. */
  get remaining(): number {
    return this.end - performance.now();
  }

  get isExpired(): boolean {
    return this.remaining <= 0;
  }
}
