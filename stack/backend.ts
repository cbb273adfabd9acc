/**
 * The URL of Pulumi's backend, so that files in it are whole at any time. Beside each file of a `file:`
 * backend Pulumi keeps a second one, `.attrs`, and writes it in place: who reads at that moment fails
 * with "failed to load checkpoint: EOF", and after a kill at that moment everybody does.
 *
 * @see https://gocloud.dev/howto/blob/#local for `metadata=skip`, with which there is no second file
 */
export function backendUrl(url: string): string {
  if (!url.startsWith("file:") || /[?&]metadata=/.test(url)) return url;
  return `${url}${url.includes("?") ? "&" : "?"}metadata=skip`;
}
