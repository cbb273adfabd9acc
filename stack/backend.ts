/**
 * Adds `metadata=skip` to the URL of a `file:` backend, so that the files of the backend are complete at any time.
 * Returns other URLs, and URLs that already have the parameter `metadata`, unchanged.
 *
 * Without `metadata=skip`, Pulumi writes a second file, `.attrs`, in place next to each file of a `file:`
 * backend. A read during that write fails with "failed to load checkpoint: EOF". If Pulumi is killed during
 * that write, every later read fails.
 *
 * @see https://pkg.go.dev/gocloud.dev/blob/fileblob for `metadata`
 */
export function backendUrl(url: string): string {
  if (!url.startsWith("file:") || /[?&]metadata=/.test(url)) return url;
  return `${url}${url.includes("?") ? "&" : "?"}metadata=skip`;
}
