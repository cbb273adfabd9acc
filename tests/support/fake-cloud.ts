import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A fake OpenStack cloud that answers the look-ups of the Pulumi program. The fake cloud itself stores nothing. */
export interface FakeCloud {
  /** Variables with which an OpenStack client finds the cloud. */
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export const EXTERNAL_NETWORK_ID = "public-id";
export const IMAGE_ID = "image-id";

/**
 * Starts a fake cloud. Any user may log in (Identity API v3). The catalog has the services that index.ts uses. Requests
 * without an answer get 404.
 *
 * @param more returns the answer to a request, or a promise of the answer; undefined for the default answer.
 */
export async function startFakeCloud(
  more: (method: string, path: string) => unknown = () => undefined,
): Promise<FakeCloud> {
  const server = createServer((request, response) => {
    void answerTo(request, response);
  });
  const answerTo = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { port } = server.address() as AddressInfo;
    const base = `http://127.0.0.1:${String(port)}`;
    const { pathname, searchParams } = new URL(request.url ?? "/", base);
    const service = (type: string) => ({
      type,
      name: type,
      endpoints: [
        { interface: "public", region: "fake", region_id: "fake", url: `${base}/${type}` },
      ],
    });
    const answers: Readonly<Record<string, unknown>> = {
      "/v3/auth/tokens": {
        token: {
          expires_at: "2999-01-01T00:00:00.000000Z",
          project: { id: "project", name: "project", domain: { id: "default", name: "Default" } },
          catalog: ["network", "image", "compute"].map(service),
        },
      },
      "/network/v2.0/networks": {
        networks: [{ id: EXTERNAL_NETWORK_ID, name: searchParams.get("name"), status: "ACTIVE" }],
      },
      "/image/v2/images": {
        images: [{ id: IMAGE_ID, name: searchParams.get("name"), status: "active" }],
      },
    };
    const answer = (await more(request.method ?? "", pathname)) ?? answers[pathname];
    response.writeHead(answer === undefined ? 404 : pathname.endsWith("tokens") ? 201 : 200, {
      "content-type": "application/json",
      "x-subject-token": "token",
    });
    response.end(JSON.stringify(answer ?? {}));
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    environment: {
      OS_AUTH_URL: `http://127.0.0.1:${String(port)}/v3`,
      OS_USERNAME: "tests",
      OS_PASSWORD: "of-tests-alone",
      OS_PROJECT_NAME: "project",
      OS_DOMAIN_NAME: "Default",
      OS_REGION_NAME: "fake",
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}
