/** A promise that other code settles. */
export class Deferred<T> {
  resolve!: (value: T) => void;
  reject!: (error: Error) => void;
  readonly promise = new Promise<T>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });

  constructor() {
    // Node.js would end the process after a rejection that no code handles.
    this.promise.catch(() => undefined);
  }
}
