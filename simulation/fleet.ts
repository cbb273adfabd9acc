/** How long zones take to come and to go, in seconds. */
export interface Times {
  /** From its order until a new zone takes calls. */
  readonly boot: number;
  /** The mean length of a call, which is what a zone that leaves waits for. */
  readonly call: number;
}

/**
 * Zones as they come and go. Calls are spread evenly over those in service; a zone that leaves gets
 * no more, and is gone when its last call has ended.
 */
export class Fleet {
  private booting: number[] = [];
  private draining: number[] = [];

  constructor(
    /** Zones in service. */
    public serving: number,
    private readonly times: Times,
  ) {}

  /** Calls that zones on their way out still have. */
  get leaving(): readonly number[] {
    return this.draining;
  }

  /** Zones that have been ordered and take no calls yet. */
  get coming(): number {
    return this.booting.length;
  }

  /** Zones that have to be paid for. */
  get paid(): number {
    return this.serving + this.booting.length + this.draining.length;
  }

  /** Calls of each zone in service when there are `calls` in all. */
  share(calls: number): number {
    const left = this.draining.reduce((sum, some) => sum + some, 0);
    return Math.max(0, calls - left) / this.serving;
  }

  /** One second goes by. */
  pass(now: number): void {
    this.serving += this.booting.filter((ready) => ready <= now).length;
    this.booting = this.booting.filter((ready) => ready > now);
    const stay = Math.exp(-1 / this.times.call);
    this.draining = this.draining.map((calls) => calls * stay).filter((calls) => calls >= 0.5);
  }

  /** Orders zones, or lets some leave: first those that are not in service yet. */
  resize(zones: number, now: number, calls: number): void {
    while (this.serving + this.booting.length < zones) {
      this.booting.push(now + this.times.boot);
    }
    while (this.serving + this.booting.length > zones) {
      if (this.booting.pop() !== undefined) continue;
      const share = this.share(calls);
      this.serving -= 1;
      this.draining.push(share);
    }
  }

  /** Puts zones that are leaving back into service. */
  recall(): void {
    this.serving += this.draining.length;
    this.draining = [];
  }
}
