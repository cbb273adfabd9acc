import { type Ask, client, TestTime } from "./client";
import { type Okeanos, type OkeanosOptions, startOkeanos } from "./synnefo";

/** Duration of a job of the cloud in milliseconds. */
const JOB = 1_000;

/** A simulated cloud (see `startOkeanos`) whose time only a test advances, with functions that many tests use. */
export interface Scene {
  readonly okeanos: Okeanos;
  readonly ask: Ask;
  /** Advances the time by ten durations of a job. The next request, or `remaining`, ends the jobs that are then due. */
  readonly wait: () => void;
  /** Sends a POST request, and returns the resource in the answer. @throws Error if the answer is a fault. */
  readonly create: (path: string, body: unknown) => Promise<Readonly<Record<string, unknown>>>;
  readonly image: string;
}

export async function scene(options: OkeanosOptions = {}): Promise<Scene> {
  const time = new TestTime();
  const okeanos = await startOkeanos({
    buildTime: JOB,
    taskTime: JOB,
    time: time.read,
    ...options,
  });
  const ask = client(okeanos);
  const { body } = await ask("GET", "/compute/v2.0/images");
  const [image] = body.images as { id: string }[];
  return {
    okeanos,
    ask,
    image: image?.id ?? "",
    wait: () => {
      time.pass(10 * JOB);
    },
    create: async (path, wanted) => {
      const reply = await ask("POST", path, wanted);
      const [made] = Object.values(reply.body);
      if (reply.status >= 300) throw new Error(JSON.stringify(reply.body));
      return made as Readonly<Record<string, unknown>>;
    },
  };
}

export const NETWORKS = "/network/v2.0/networks";
export const SUBNETS = "/network/v2.0/subnets";
export const PORTS = "/network/v2.0/ports";
export const FLOATING_IPS = "/network/v2.0/floatingips";
export const SERVERS = "/compute/v2.0/servers";

/** Creates a private network with a subnet, and returns the network's ID. */
export async function privateNetwork({ create }: Scene, cidr = "192.168.7.0/24"): Promise<string> {
  const { id } = await create(NETWORKS, { network: { name: "n", type: "MAC_FILTERED" } });
  await create(SUBNETS, { subnet: { network_id: id, cidr } });
  return String(id);
}

export const newServer = ({ image }: Scene, rest: object = {}): object => ({
  server: { name: "s", flavorRef: 1, imageRef: image, ...rest },
});
