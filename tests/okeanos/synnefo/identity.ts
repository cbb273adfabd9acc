import { type Cloud, userOfToken } from "./cloud";
import type { UserRecord } from "./cloud-state";
import { badRequest, notFound, unauthorized } from "./faults";
import { isJson, type Json, jsonBody } from "./json";
import { route, type Answer, type ApiCall, type Route } from "./router";

const YEAR = 365 * 24 * 3_600_000;

/** Services in the catalog. If `exposed` is false, the URL of the service has no version. */
const SERVICES: readonly (readonly [
  type: string,
  name: string,
  path: string,
  version: string,
  exposed: boolean,
])[] = [
  ["astakos_weblogin", "astakos_weblogin", "/astakos/weblogin", "", true],
  ["account", "astakos_account", "/astakos/account", "v1.0", true],
  ["astakos_auth", "astakos_oauth2", "/astakos/oauth2", "", true],
  ["identity", "astakos_identity", "/astakos/identity", "v2.0", true],
  ["admin", "cyclades_admin", "/cyclades/admin", "", true],
  ["image", "cyclades_plankton", "/cyclades/image", "v1.0", false],
  ["compute", "cyclades_compute", "/cyclades/compute", "v2.0", true],
  ["vmapi", "cyclades_vmapi", "/cyclades/vmapi", "v1.0", true],
  ["volume", "cyclades_volume", "/cyclades/volume", "v2.0", false],
  ["network", "cyclades_network", "/cyclades/network", "v2.0", false],
];

function catalog(origin: string): readonly Json[] {
  return SERVICES.map(([type, name, path, version, exposed]) => ({
    type,
    name,
    endpoints_links: [],
    endpoints: [
      {
        region: "default",
        versionId: version,
        "SNF:exposeVersion": exposed ? "True" : "False",
        "SNF:uiURL": `${origin}/${path.split("/")[1] ?? ""}/ui`,
        publicURL: `${origin}${path}${exposed && version !== "" ? `/${version}` : ""}`,
        ...(type === "astakos_weblogin" && { "SNF:webloginURL": `${origin}${path}` }),
      },
    ],
  }));
}

/**
 * Returns the user of a token, or of a UUID with the token as the password.
 *
 * @throws SynnefoFault if the credentials are missing or wrong.
 */
function credentials(cloud: Cloud, auth: Json): UserRecord {
  const { token, passwordCredentials } = auth;
  if (isJson(token)) {
    const user = userOfToken(cloud, token.id);
    if (user !== undefined) return user;
  } else if (isJson(passwordCredentials)) {
    const user = userOfToken(cloud, passwordCredentials.password);
    if (user?.uuid === passwordCredentials.username && user !== undefined) return user;
  } else {
    throw badRequest("Malformed request: missing credentials");
  }
  throw unauthorized("Invalid token");
}

function authenticate(cloud: Cloud, call: ApiCall): Answer {
  const serviceCatalog = catalog(call.origin);
  if (call.text === "") {
    return { status: 200, body: { access: { serviceCatalog } } };
  }
  const { auth } = jsonBody(call);
  const tenant = isJson(auth) ? auth : {};
  const { uuid, name, token } = credentials(cloud, tenant);
  for (const key of ["tenantName", "tenantId"]) {
    if (tenant[key] !== undefined && tenant[key] !== uuid) {
      throw badRequest(`Not conforming ${key}`);
    }
  }
  const projects = [...cloud.cloudState.projects.values()]
    .filter(({ members }) => members.includes(uuid))
    .map(({ id }) => id);
  return {
    status: 200,
    body: {
      access: {
        token: {
          id: token,
          expires: new Date(cloud.clock.now() + YEAR).toISOString().replace("Z", "000+00:00"),
          tenant: { id: uuid, name },
        },
        serviceCatalog,
        user: { id: uuid, name, projects, roles: [], roles_links: [] },
      },
    },
  };
}

const version = (origin: string): Json => ({
  version: {
    id: "v2.0",
    status: "CURRENT",
    updated: "2014-04-17T00:00:00Z",
    media_types: [
      { base: "application/json", type: "application/vnd.openstack.identity-v2.0+json" },
    ],
    links: [
      { href: `${origin}/astakos/identity/v2.0/`, rel: "self" },
      { href: "https://docs.openstack.org/", type: "text/html", rel: "describedby" },
    ],
  },
});

export const identityRoutes = (cloud: Cloud): readonly Route[] => [
  route("GET", "/astakos/identity/v2.0", ({ origin }) => ({ status: 200, body: version(origin) })),
  route("POST", "/astakos/identity/v2.0/tokens", (call) => authenticate(cloud, call)),
  route("GET", "/astakos/identity/v2.0/tokens/{token:[^/]+}/endpoints", () => {
    throw notFound("No such token");
  }),
];
