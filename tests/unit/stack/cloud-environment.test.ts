import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { claimLab, labIsClaimed } from "../../../cli/lab";
import {
  cloudIsConfigured,
  LAB_ENVIRONMENT,
  NO_CLOUD_ENVIRONMENT,
  withoutCloud,
  clearedVariables,
} from "../../../stack/cloud-environment";

test.each([
  [{}, false],
  [{ OS_CLOUD: "", OS_AUTH_URL: "" }, false],
  [{ OS_CLOUD: "mycloud" }, true],
  [{ OS_AUTH_URL: "https://a/v3" }, true],
  [{ OS_CLOUD: "", OS_AUTH_URL: "https://a/v3" }, true],
  // Environments of shells in which `make env` was used.
  [{ OS_AUTH_URL: "", ...LAB_ENVIRONMENT }, false],
  [{ OS_CLOUD: "", ...NO_CLOUD_ENVIRONMENT }, false],
  [{ ...LAB_ENVIRONMENT, ...NO_CLOUD_ENVIRONMENT }, false],
  [{ ...LAB_ENVIRONMENT, OS_CLOUD: "mycloud" }, true],
  [{ ...LAB_ENVIRONMENT, OS_AUTH_URL: "https://a/v3" }, true],
])("cloudIsConfigured for the environment %j is %s", (env, named) => {
  expect(cloudIsConfigured(env)).toBe(named);
});

const openrc = { OS_AUTH_URL: "https://a/v3" };

test.each([
  [{ OS_CLOUD: "mycloud" }, {}],
  [{ OS_CLOUD: "mycloud", OS_CLIENT_CONFIG_FILE: "/etc/clouds.yaml" }, {}],
  [{ ...LAB_ENVIRONMENT, OS_CLOUD: "mycloud" }, { OS_CLIENT_CONFIG_FILE: "" }],
  [
    { ...LAB_ENVIRONMENT, ...openrc },
    { OS_CLOUD: "", OS_CLIENT_CONFIG_FILE: "" },
  ],
  [{ ...NO_CLOUD_ENVIRONMENT, OS_CLOUD: "mycloud" }, { OS_AUTH_URL: "" }],
  [openrc, {}],
])("clearedVariables for the environment %j are %j", (env, ours) => {
  expect(clearedVariables(env)).toEqual(ours);
});

test("withoutCloud removes all variables that an openrc file sets", () => {
  const whole = { ...openrc, OS_USERNAME: "pbx", OS_PASSWORD: "x", OS_REGION_NAME: "here" };
  expect(withoutCloud({ ...whole, PATH: "/bin" })).toEqual({
    PATH: "/bin",
  });
});

describe("a lab that is about to be started", () => {
  let folder: string;
  let claim: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "trunkline-lab-"));
    claim = join(folder, "clone", "lab-started");
    mkdirSync(join(folder, "run"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** Registers the process of this test as a process of the lab. */
  function runUnit(name: string): void {
    const status = readFileSync("/proc/self/stat", "utf8");
    const start = status.slice(status.lastIndexOf(") ")).split(" ")[20] ?? "";
    writeFileSync(join(folder, "run", `${name}.pid`), `${String(process.pid)} ${start}\n`);
  }

  const isClaimed = (): boolean => {
    claimLab({ ...process.env, LAB_STATE: folder }, claim);
    return labIsClaimed(claim);
  };

  test("is claimed by this clone, even if files of an earlier lab remain", () => {
    writeFileSync(join(folder, "clouds.yaml"), "clouds: {}");
    writeFileSync(join(folder, "run", "mariadb.pid"), "1 1\n");
    expect(isClaimed()).toBe(true);
  });

  test("is not claimed by this clone if a process of the lab already runs", () => {
    runUnit("mariadb");
    expect(isClaimed()).toBe(false);
  });

  test("stays claimed by this clone when this clone starts the lab again", () => {
    mkdirSync(dirname(claim));
    writeFileSync(claim, "");
    runUnit("mariadb");
    expect(isClaimed()).toBe(true);
  });
});
