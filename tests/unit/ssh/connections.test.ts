import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { Server } from "ssh2";
import { sshHostKeySeed } from "../../../plan/derived-secrets";
import { type SshHostKey, sshHostKey } from "../../../plan/ssh-host-key";
import type { Access } from "../../../ssh/access";
import { Connections } from "../../../ssh/connections";
import { MASTER_SECRET } from "../../support/settings";

const keyOf = (masterSecret: string, node = "controller"): SshHostKey =>
  sshHostKey(sshHostKeySeed(masterSecret, node), node);

/** SSH server in place of the controller. Its host key derives from `MASTER_SECRET`. Refuses log-ins by default. */
let controller: Server;
let connections: Connections;

beforeEach(async () => {
  controller = new Server({ hostKeys: [keyOf(MASTER_SECRET).privateKey] }, (client) => {
    client.on("error", () => undefined); // a client disconnects if the host key is unexpected
    client.on("authentication", (attempt) => {
      attempt.reject(["publickey"]);
    });
  });
  controller.listen(0, "127.0.0.1");
  await once(controller, "listening");
  const { port } = controller.address() as AddressInfo;
  connections = new Connections(async () => {
    const socket: Socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return socket;
  });
});
afterEach(async () => {
  connections.close();
  controller.close();
  await once(controller, "close");
});

const accessOf = (masterSecret: string): Access => ({
  privateKey: keyOf(masterSecret, "access").privateKey,
  controllerAddress: "198.51.100.10",
  controllerHostKey: keyOf(masterSecret).publicKey,
});

/** Returns the error message of a log-in of a stack with `masterSecret`; empty if the log-in succeeds. */
async function refusal(masterSecret: string): Promise<string> {
  return connections.controller(accessOf(masterSecret), 0).then(
    () => "",
    (error: unknown) => (error as Error).message,
  );
}

test("the error of a refused log-in names pbx:masterSecret as a possible cause", async () => {
  expect(await refusal(MASTER_SECRET)).toBe(
    "controller: authentication with the key of this stack failed. " +
      "If pbx:masterSecret was changed, restore the previous value",
  );
});

test("the error for an unexpected host key names pbx:masterSecret, from which host keys derive", async () => {
  expect(await refusal("another-master-secret-of-a-test-0")).toBe(
    "controller: the host key at 198.51.100.10 is not the one that this stack gave the server. " +
      "No command was sent. If pbx:masterSecret was changed, restore the previous value; " +
      "if the server was replaced outside of Pulumi, run pulumi refresh",
  );
});

test("after a failed start of the agent, a session starts the agent again for the next command", async () => {
  let attempts = 0;
  controller.removeAllListeners("connection");
  controller.on("connection", (client) => {
    client.on("authentication", (attempt) => {
      attempt.accept();
    });
    client.on("session", (open) => {
      open().on("exec", (accept, reject, { command }) => {
        if (++attempts === 1) {
          reject();
          return;
        }
        const channel = accept();
        const agent = spawn("sh", ["-c", command]);
        channel.pipe(agent.stdin);
        agent.stdout.pipe(channel);
      });
    });
  });
  const session = await connections.controller(accessOf(MASTER_SECRET), 0);

  await expect(session.run("echo there")).rejects.toThrow(
    /^controller: cannot start the agent over SSH/,
  );
  expect(await session.run("echo there")).toBe("there\n");
});

test("a session fails if the node prints text before the agent's answers, but a new session can succeed", async () => {
  let logins = 0;
  controller.removeAllListeners("connection");
  controller.on("connection", (client) => {
    const isNoisy = ++logins === 1;
    client.on("authentication", (attempt) => {
      attempt.accept();
    });
    client.on("session", (open) => {
      open().on("exec", (accept, _, { command }) => {
        const channel = accept();
        if (isNoisy) channel.write("Welcome to zone1!\u001b[2J\nHave a nice day.\n");
        const agent = spawn("sh", ["-c", command]);
        channel.pipe(agent.stdin);
        agent.stdout.pipe(channel);
      });
    });
  });
  const session = await connections.controller(accessOf(MASTER_SECRET), 0);
  const [first, second] = [session.run("echo there"), session.ask({ do: "look", paths: [] })];

  const words =
    "controller: its agent sent an invalid answer: 'Welcome to zone1!?[2J'; make sure that root's shell " +
    "prints nothing at log-in (/root/.bashrc, /etc/bash.bashrc), and run the same command again";
  await expect(first).rejects.toThrow(words);
  await expect(second).rejects.toThrow(words);
  await eventually(async () => {
    const again = await connections.controller(accessOf(MASTER_SECRET), 0);
    expect(await again.run("echo there")).toBe("there\n");
  });
  expect(logins).toBe(2);
});

/** Repeats a failing `attempt` for about a second: `Connections` notices the end of a connection with a delay. */
async function eventually(attempt: () => Promise<void>): Promise<void> {
  for (let left = 50; ; left--) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
