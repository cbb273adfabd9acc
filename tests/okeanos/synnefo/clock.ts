interface Scheduled {
  readonly due: number;
  readonly run: () => void;
}

/**
 * Time of the simulated cloud, with scheduled events. With the default time (`Date.now`), a timer runs the events when
 * they are due. With another time, only `settle` runs them.
 */
export class Clock {
  private readonly events: Scheduled[] = [];
  private timer: NodeJS.Timeout | undefined;
  /** Due time of the event that `settle` currently runs. */
  private past: number | undefined;

  constructor(private readonly time: () => number = Date.now) {}

  now(): number {
    return this.past ?? this.time();
  }

  /** Returns the current time in Synnefo's format. */
  stamp(): string {
    return new Date(this.now()).toISOString().replace("Z", "000+00:00");
  }

  after(milliseconds: number, run: () => void): void {
    const event = { due: this.now() + milliseconds, run };
    const later = this.events.findIndex(({ due }) => due > event.due);
    this.events.splice(later === -1 ? this.events.length : later, 0, event);
    this.arm();
  }

  /** Runs all due events in order. */
  settle(): void {
    const present = this.time();
    for (let next = this.events[0]; next !== undefined && next.due <= present;) {
      this.events.shift();
      this.past = next.due;
      next.run();
      next = this.events[0];
    }
    this.past = undefined;
    this.arm();
  }

  stop(): void {
    this.events.length = 0;
    clearTimeout(this.timer);
  }

  private arm(): void {
    clearTimeout(this.timer);
    const [next] = this.events;
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
