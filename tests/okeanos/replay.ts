import type { RecordedExchange } from "./exchanges";
import { shapeOf } from "./shape";
import { type Okeanos, startOkeanos } from "./synnefo";

// Initial users and images of the recorded cloud. The first user and the images have their recorded IDs.
const USER = "14b6fdd9-157e-4f20-a71a-da7f4bcd873e";
const TOKEN = "TOKEN-1";
const STRANGER = "TOKEN-2";
const IMAGES = [
  { id: "ad0b70d2-dd95-434a-ae78-d2ddfd824df5", os: "debian", users: "root" },
  { id: "ebb3a0cb-4aae-428d-9773-21ea1aeb1040", os: "ubuntu", users: "root user" },
].map(({ id, os, users }) => ({
  id,
  name: os === "debian" ? "Debian Base" : "Ubuntu Server LTS",
  properties: {
    description: os,
    gui: "none",
    kernel: "5.10",
    os,
    osfamily: "linux",
    root_partition: "1",
    sortorder: "1",
    users,
  },
}));
/** Duration of a build in milliseconds, which fits the times in the recorded answers. */
const BUILD = 500;
/** Duration of any other job in milliseconds, which fits the times in the recorded answers. */
const TASK = 1_500;

const FILE = { path: "/root/f0", contents: "eHh4eA==", owner: "root", group: "root", mode: 384 };
const server = (name: string, rest: object): string =>
  JSON.stringify({ server: { name, flavorRef: "5", imageRef: IMAGES[0]?.id, ...rest } });
const personality = (...files: readonly object[]): string =>
  server("pers", { networks: [], personality: files });
const file = (characters: number): object => ({ path: "/x", contents: "A".repeat(characters) });
const WEB = {
  metadata: { role: "web", n: "1" },
  personality: [FILE],
  networks: [{ port: "5" }, { uuid: "1" }],
};
const KEYPAIR = '{"keypair": {"name": "k1", "public_key": "ssh-rsa AAAA a@b"}}';

/** Bodies to send instead of recorded bodies that are truncated or lack the password, by number of the request. */
const BODIES: Readonly<Record<number, string>> = {
  167: personality(FILE, FILE, FILE, FILE, FILE, FILE),
  168: personality(file(10_244)),
  175: personality(file(10_240), file(10_240), file(10_240), file(10_240), file(10_240)),
  178: server("web", { ...WEB, key_name: "zz" }),
  192: KEYPAIR,
  195: KEYPAIR,
  198: server("web", { ...WEB, key_name: "k1" }),
  372: server("pw", { networks: [], adminPass: "weak" }),
  373: server("pw", { networks: [], adminPass: "Strong1Password" }),
};

/** Numbers of the requests without a token. */
const NO_TOKEN = new Set([18, 20, 22, 24, 26, 28, 30, 32, 34, 347]);
/** Numbers of the requests with a wrong token. */
const BAD_TOKEN = new Set([19, 21, 23, 25, 27, 29, 31, 33, 35]);
/** Numbers of the requests with the token of another user. */
const OTHER_USER = new Set([304, 305, 306]);
/** Headers that differ from those of the other requests, by number of the request. */
const HEADERS: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  332: { "content-type": "text/plain" },
  375: { accept: "application/xml" },
};

type Step = Pick<RecordedExchange, "method" | "url" | "body"> & { readonly id?: string };
const post = (things: string, id: string, body: object): Step => ({
  method: "POST",
  url: `{cyc}/network/v2.0/${things}s`,
  body: JSON.stringify({ [things]: body }),
  id,
});
const remove = (url: string): Step => ({ method: "DELETE", url: `{cyc}${url}`, body: undefined });
const network = (id: string): Step => post("network", id, { name: id, type: "MAC_FILTERED" });

/** Requests that are not in the recording, by number of the next recorded request. Later answers depend on them. */
const OFF_THE_RECORD: Readonly<Record<number, readonly Step[]>> = {
  137: [remove("/network/v2.0/ports/2"), remove("/network/v2.0/ports/3")],
  307: [
    network("9"),
    post("subnet", "8", { network_id: "9", cidr: "192.168.40.0/24" }),
    network("10"),
    post("subnet", "9", { network_id: "10", cidr: "fd00:6::/64", ip_version: 6 }),
  ],
  348: [
    ...["14", "15", "16"].map((id) => remove(`/compute/v2.0/servers/${id}`)),
    network("11"),
    network("12"),
  ],
  349: [post("subnet", "11", { network_id: "11", cidr: "fd00:7::/64", ip_version: 6 })],
  352: [
    remove("/network/v2.0/ports/17"),
    post("subnet", "12", { network_id: "12", cidr: "192.168.51.0/24" }),
  ],
};

/** Matches a kind of resource and an ID in the path of a request. */
const IDS_IN_PATH = /\/(networks|subnets|ports|floatingips|servers)\/(\d+)/;
/** Kinds of resources, by the key of their ID in the body of a request. */
const KINDS: Readonly<Record<string, string>> = {
  network_id: "network",
  floating_network_id: "network",
  uuid: "network",
  port: "port",
  port_id: "port",
  nic: "port",
  device_id: "server",
};

export interface Verdict {
  readonly number: number;
  readonly request: string;
  /** Difference between the answers; undefined if they agree. */
  readonly difference: string | undefined;
}

/** Sends the recorded requests to a cloud with the same initial state, and compares the answers. */
export async function replayExchanges(exchanges: readonly RecordedExchange[]): Promise<Verdict[]> {
  const clock = { now: exchanges[0]?.time ?? 0 };
  const okeanos = await startOkeanos({
    users: [{ uuid: USER, token: TOKEN }, { token: STRANGER }],
    images: IMAGES,
    buildTime: BUILD,
    taskTime: TASK,
    time: () => clock.now,
  });
  try {
    const run = new Replay(okeanos, clock);
    const verdicts: Verdict[] = [];
    for (const exchange of exchanges) verdicts.push(await run.repeat(exchange));
    return verdicts;
  } finally {
    await okeanos.stop();
  }
}

class Replay {
  private readonly ids = new Map<string, string>();

  constructor(
    private readonly okeanos: Okeanos,
    private readonly clock: { now: number },
  ) {}

  async repeat(exchange: RecordedExchange): Promise<Verdict> {
    const { number, method, url } = exchange;
    this.clock.now = exchange.time ?? this.clock.now;
    for (const { id, ...step } of OFF_THE_RECORD[number] ?? []) {
      const response = await this.send(step, TOKEN);
      if (id !== undefined) this.learn(JSON.stringify({ x: { id } }), await response.text(), step);
    }
    const token = NO_TOKEN.has(number)
      ? undefined
      : BAD_TOKEN.has(number)
        ? "bad"
        : OTHER_USER.has(number)
          ? STRANGER
          : TOKEN;
    const body = BODIES[number] ?? exchange.body;
    const response = await this.send({ method, url, body }, token, HEADERS[number]);
    const text = await response.text();
    if (method === "POST" && response.ok) this.learn(exchange.answer, text, exchange);
    return {
      number,
      request: `${method} ${url}`,
      difference: this.difference(exchange, response, text),
    };
  }

  private difference(
    exchange: RecordedExchange,
    response: Response,
    text: string,
  ): string | undefined {
    if (response.status !== exchange.status) {
      return `status ${String(response.status)}, not ${String(exchange.status)}: ${text}`;
    }
    const type = response.headers.get("content-type")?.split(";")[0];
    const recordedType = exchange.contentType.split(";")[0];
    if (type !== recordedType) return `${String(type)}, not ${String(recordedType)}`;
    if (type !== "application/json") return undefined;
    const [theirs, ours] = comparable(this.translateFault(exchange.answer), text).map((answer) =>
      answer === "" ? "" : shapeOf(JSON.parse(answer)),
    );
    return ours === theirs ? undefined : `${String(ours)}\n--- not ---\n${String(theirs)}`;
  }

  private send(
    { method, url, body }: Omit<Step, "id">,
    token: string | undefined,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    const address = url
      .replace("{ast}", `${this.okeanos.origin}/astakos`)
      .replace("{cyc}", `${this.okeanos.origin}/cyclades`)
      .replace("http://127.0.0.1:8802", this.okeanos.origin)
      .replace(IDS_IN_PATH, (_, things: string, id: string) => {
        return `/${things}/${this.ours(things.slice(0, -1), id)}`;
      });
    return fetch(address, {
      method,
      headers: {
        ...(token !== undefined && { "x-auth-token": token }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: this.translate(body) }),
    });
  }

  /** Translates a recorded ID to the ID that the resource has in the simulated cloud. */
  private ours(kind: string, id: string): string {
    return this.ids.get(`${kind} ${id}`) ?? id;
  }

  private learn(recorded: string, answered: string, { url }: { readonly url: string }): void {
    const kind = /(\w+)s$/.exec(url)?.[1] ?? "";
    const id = (text: string): string | number | undefined => {
      try {
        const [thing] = Object.values(JSON.parse(text) as Record<string, { id?: string | number }>);
        return thing?.id;
      } catch {
        return undefined;
      }
    };
    const [theirs, ours] = [id(recorded), id(answered)];
    if (theirs !== undefined && ours !== undefined) {
      this.ids.set(`${kind} ${String(theirs)}`, String(ours));
    }
  }

  /** Replaces the recorded IDs in the text of a fault with those in the simulated cloud. */
  private translateFault(answer: string): string {
    return answer.replace(
      /\b(Floating IP with ID|Port|network) ('?)(\d+)/g,
      (_, name: string, quote: string, id: string) => {
        const kind = name.startsWith("Floating") ? "floatingip" : name.toLowerCase();
        return `${name} ${quote}${this.ours(kind, id)}`;
      },
    );
  }

  private translate(body: string): string {
    const pattern = /"(\w+)": ?("?)(\d+)\2(?=[,}\]])/g;
    return body.replace(pattern, (all: string, key: string, quote: string, id: string) => {
      const kind = KINDS[key];
      return kind === undefined ? all : `"${key}": ${quote}${this.ours(kind, id)}${quote}`;
    });
  }
}

/** Matches the truncated end of a recorded list, after its last complete element. */
const CUT = /, \{(?:(?!, \{"SNF:key_names").)*…\(cut\)$/;

/** Returns both answers. If the recorded list of servers is truncated, shortens both to its complete elements. */
function comparable(recorded: string, answered: string): readonly [string, string] {
  if (!CUT.test(recorded)) return [recorded, answered];
  const left = recorded.replace(CUT, "]}");
  const count = (JSON.parse(left) as { servers: unknown[] }).servers.length;
  const { servers } = JSON.parse(answered) as { servers: unknown[] };
  return [left, JSON.stringify({ servers: servers.slice(0, count) })];
}
