import { logIn } from "./identity";

/** Creates an image in Glance with the property `sip_drivers` and without a usable disk. */
export async function createImage(
  name: string,
  sipDrivers: string,
): Promise<{ remove: () => Promise<void> }> {
  const token = await logIn();
  const images = `${token.endpoint("image")}/v2/images`;
  const request = async (url: string, options: RequestInit): Promise<Response> => {
    const headers = { ...(options.headers as object), "x-auth-token": token.id };
    const response = await fetch(url, { ...options, headers });
    if (!response.ok) {
      throw new Error(`${url}: ${String(response.status)} ${await response.text()}`);
    }
    return response;
  };
  const created = await request(images, {
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
  await request(`${image}/file`, {
    method: "PUT",
    headers: { "content-type": "application/octet-stream" },
    body: "no disk",
  });
  return {
    remove: async () => {
      await request(image, { method: "DELETE" });
    },
  };
}
