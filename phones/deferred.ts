/** A promise that is settled from outside. */
export class Deferred<T> {
  resolve!: (value: T) => void;
  reject!: (error: Error) => void;
  readonly promise = new Promise<T>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });

  constructor() {
    // Whoever waits for it sees the rejection; where nobody does, it must not end the program.
    this.promise.catch(() => undefined);
  }
}
