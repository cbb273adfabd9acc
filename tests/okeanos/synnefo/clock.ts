interface Deed {
  readonly due: number;
  readonly run: () => void;
}

/**
 * What happens later. Runs by itself in real time; with a time of its own, whenever it is asked to
 * catch up.
 */
export class Clock {
  private readonly deeds: Deed[] = [];
  private timer: NodeJS.Timeout | undefined;
  /** While deeds are made up for: when the present one was due. */
  private past: number | undefined;

  constructor(private readonly time: () => number = Date.now) {}

  now(): number {
    return this.past ?? this.time();
  }

  /** The present as Synnefo writes it. */
  stamp(): string {
    return new Date(this.now()).toISOString().replace("Z", "000+00:00");
  }

  after(milliseconds: number, run: () => void): void {
    const deed = { due: this.now() + milliseconds, run };
    const later = this.deeds.findIndex(({ due }) => due > deed.due);
    this.deeds.splice(later === -1 ? this.deeds.length : later, 0, deed);
    this.arm();
  }

  /** Does what is due, in its order. */
  settle(): void {
    const present = this.time();
    for (let next = this.deeds[0]; next !== undefined && next.due <= present;) {
      this.deeds.shift();
      this.past = next.due;
      next.run();
      next = this.deeds[0];
    }
    this.past = undefined;
    this.arm();
  }

  stop(): void {
    this.deeds.length = 0;
    clearTimeout(this.timer);
  }

  private arm(): void {
    clearTimeout(this.timer);
    const [next] = this.deeds;
    if (next !== undefined && this.time === Date.now) {
      this.timer = setTimeout(
        () => {
          this.settle();
        },
        Math.max(1, next.due - Date.now()),
      ).unref();
    }
  }
}
