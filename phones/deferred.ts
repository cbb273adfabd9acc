/** A promise, and the functions that settle it. */
export class Deferred<T> {
  resolve!: (value: T) => void;
  reject!: (error: Error) => void;
  readonly promise = new Promise<T>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });

  constructor() {
    // Marks a rejection as handled. Otherwise, Node.js ends the process if no code waits for the promise.
    this.promise.catch(() => undefined);
  }
}
