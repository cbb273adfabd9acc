/** How long a value stays fresh, in milliseconds. */
const FRESH = 60_000;

/** Caches a value that takes seconds to read, such as the outputs of a stack. Reads it again after a minute. */
export class CachedRead<T> {
  private last: { readonly at: number; readonly value: Promise<T> } | null = null;

  constructor(
    private readonly read: () => Promise<T>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @throws what `read` throws; the next call reads again. */
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

  /** Discards the cached value. */
  forget(): void {
    this.last = null;
  }
}
