import { logIn } from "./identity";

/** Puts an image into Glance that says which SIP drivers it has, and nothing else. */
export async function createImage(
  name: string,
  sipDrivers: string,
): Promise<{ remove: () => Promise<void> }> {
  const token = await logIn();
  const images = `${token.endpoint("image")}/v2/images`;
  const ask = async (url: string, request: RequestInit): Promise<Response> => {
    const headers = { ...(request.headers as object), "x-auth-token": token.id };
    const response = await fetch(url, { ...request, headers });
    if (!response.ok) {
      throw new Error(`${url}: ${String(response.status)} ${await response.text()}`);
    }
    return response;
  };
  const created = await ask(images, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      name,
      disk_format: "raw",
      container_format: "bare",
      sip_drivers: sipDrivers,
    }),
  });
  const image = `${images}/${((await created.json()) as { id: string }).id}`;
  await ask(`${image}/file`, {
    method: "PUT",
    headers: { "content-type": "application/octet-stream" },
    body: "no disk",
  });
  return {
    remove: async () => {
      await ask(image, { method: "DELETE" });
    },
  };
}
