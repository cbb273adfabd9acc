/**
 * Returns the URL of a backend whose files are complete at any time. Beside each file of a `file:` backend, Pulumi
 * keeps a file `.attrs`, and overwrites it in place. A command that reads it at that moment fails with "failed to load
 * checkpoint: EOF". If Pulumi is killed at that moment, every later command fails. With `metadata=skip`, Pulumi keeps
 * no such files.
 *
 * @see https://pkg.go.dev/gocloud.dev/blob/fileblob for `metadata`
 */
export function backendUrl(url: string): string {
  if (!url.startsWith("file:") || /[?&]metadata=/.test(url)) return url;
  return `${url}${url.includes("?") ? "&" : "?"}metadata=skip`;
}
