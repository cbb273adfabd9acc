/** Durations in seconds that determine how long zones take to start and to drain. */
export interface Times {
  /** Time from the order of a zone until the zone accepts calls. */
  readonly boot: number;
  /** Mean duration of a call. A draining zone waits for the end of its calls. */
  readonly call: number;
}

/**
 * The zones of a simulated exchange. Calls are spread evenly over the zones in service. A draining zone gets no new
 * calls, and is removed when its expected number of calls is less than 0.5.
 */
export class Fleet {
  private booting: number[] = [];
  private draining: number[] = [];

  constructor(
    /** Number of zones in service. */
    public serving: number,
    private readonly times: Times,
  ) {}

  /** Expected number of remaining calls of each draining zone. */
  get leaving(): readonly number[] {
    return this.draining;
  }

  /** Number of zones that are ordered and not in service yet. */
  get coming(): number {
    return this.booting.length;
  }

  /** Number of zones that cost money. */
  get paid(): number {
    return this.serving + this.booting.length + this.draining.length;
  }

  /** Returns the mean number of calls of a zone in service, if the exchange has `calls` in total. */
  share(calls: number): number {
    const left = this.draining.reduce((sum, some) => sum + some, 0);
    return Math.max(0, calls - left) / this.serving;
  }

  /** Advances the fleet by one second, to the second `now` of the trace. */
  pass(now: number): void {
    this.serving += this.booting.filter((ready) => ready <= now).length;
    this.booting = this.booting.filter((ready) => ready > now);
    const stay = Math.exp(-1 / this.times.call);
    this.draining = this.draining.map((calls) => calls * stay).filter((calls) => calls >= 0.5);
  }

  /**
   * Orders or removes zones until `zones` zones are in service or ordered. To remove zones, first cancels ordered
   * zones, and then drains zones in service.
   */
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

  /** Puts draining zones back into service. */
  recall(): void {
    this.serving += this.draining.length;
    this.draining = [];
  }
}
