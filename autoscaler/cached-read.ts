/** Milliseconds for which a cached value is returned. */
const FRESH = 60_000;

/** Caches a value that takes seconds to read, such as the outputs of a stack. The value is at most a minute old. */
export class CachedRead<T> {
  private last: { readonly at: number; readonly value: Promise<T> } | null = null;

  constructor(
    private readonly read: () => Promise<T>,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @throws the error of `read`. An error is not cached. */
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

  forget(): void {
    this.last = null;
  }
}
