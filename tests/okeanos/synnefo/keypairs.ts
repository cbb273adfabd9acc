import { type Cloud, cyclades } from "./cloud";
import type { KeyPair, UserRecord } from "./cloud-state";
import { conflict, notFound, unexpected } from "./faults";
import { attribute, type Json, jsonBody, scalar } from "./json";
import type { Route } from "./router";

const PATH = "/compute/v2.0/os-keypairs";

const brief = ({ name, publicKey }: KeyPair): Json => ({
  name,
  public_key: publicKey,
  fingerprint: "unknown fingerprint",
});

export function findKeyPair({ cloudState }: Cloud, user: UserRecord, name: string): KeyPair {
  const found = [...cloudState.keyPairs.values()].find(
    (keyPair) => keyPair.name === name && keyPair.userId === user.uuid,
  );
  if (found === undefined) {
    throw notFound(`Keypair ${name} not found.`);
  }
  return found;
}

function create({ cloudState, clock }: Cloud, user: UserRecord, keypair: Json): KeyPair {
  const name = scalar(keypair.name);
  // Without a public key, Synnefo generates a key pair with a tool. The recorded servers lacked the tool, and sent 500.
  if (typeof keypair.public_key !== "string") {
    throw unexpected();
  }
  if (
    [...cloudState.keyPairs.values()].some(
      (each) => each.name === name && each.userId === user.uuid,
    )
  ) {
    throw conflict("A keypair with that name already exists");
  }
  const id = cloudState.nextId("keypair");
  const created = clock.stamp().replace("+00:00", "");
  const made = { id, userId: user.uuid, name, publicKey: keypair.public_key, created };
  cloudState.keyPairs.set(id, made);
  return made;
}

export function keyPairRoutes(cloud: Cloud): readonly Route[] {
  const one = `${PATH}/{name:[^/]+}`;
  return [
    cyclades(cloud, "GET", PATH, (user) => ({
      status: 200,
      body: {
        keypairs: [...cloud.cloudState.keyPairs.values()]
          .filter(({ userId }) => userId === user.uuid)
          .map((keyPair) => ({ keypair: brief(keyPair) })),
      },
    })),
    cyclades(cloud, "POST", PATH, (user, call) => ({
      status: 201,
      body: { keypair: brief(create(cloud, user, attribute(jsonBody(call), "keypair"))) },
    })),
    cyclades(cloud, "GET", one, (user, { params }) => {
      const keyPair = findKeyPair(cloud, user, params.name ?? "");
      const { id, created } = keyPair;
      return {
        status: 200,
        body: {
          keypair: {
            ...brief(keyPair),
            id,
            created_at: created,
            updated_at: created,
            deleted: false,
            deleted_at: null,
          },
        },
      };
    }),
    cyclades(cloud, "DELETE", one, (user, { params }) => {
      cloud.cloudState.keyPairs.delete(findKeyPair(cloud, user, params.name ?? "").id);
      return { status: 204 };
    }),
  ];
}
