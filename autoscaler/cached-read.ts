/** How long what Pulumi says of a stack is taken for true, in milliseconds. */
const FRESH = 60_000;

/** Something that takes seconds to read: it is read again when it is a minute old. */
export class CachedRead<T> {
  private last: { readonly at: number; readonly value: Promise<T> } | null = null;

  constructor(
    private readonly read: () => Promise<T>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @throws what reading it throws; it is then read again the next time. */
  async get(): Promise<T> {
    if (this.last === null || this.last.at <= this.now() - FRESH) {
      this.last = { at: this.now(), value: this.read() };
    }
    const { last } = this;
    try {
      return await last.value;
    } catch (error) {
      if (this.last === last) this.forget();
      throw error;
    }
  }

  /** What was read before does not count any more. */
  forget(): void {
    this.last = null;
  }
}
