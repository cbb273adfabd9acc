import { randomBytes } from "node:crypto";
import type { Cloud } from "./cloud";
import type { ServerRecord, UserRecord } from "./cloud-state";
import { badRequest, unexpected } from "./faults";
import { offeredFlavorById } from "./flavors";
import { imageById } from "./images";
import { id as idOf, isJson, type Json, scalar } from "./json";
import { findKeyPair } from "./keypairs";
import { checkMetadata } from "./metadata";
import { activate, connectPort, portsOf, removeMade } from "./nics";
import { parsePersonality } from "./personality";
import * as quotas from "./quotas";

const LONGEST_NAME = 255;

function checkName(name: string): string {
  if (name.length > LONGEST_NAME) {
    throw badRequest("Server name is too long");
  }
  return name;
}

function checkPassword(wanted: unknown): string {
  if (wanted === undefined) {
    return `Aa1${randomBytes(6).toString("hex")}`;
  }
  const password = scalar(wanted);
  if (password.length < 10 || ![/[A-Z]/, /[a-z]/, /\d/].every((kind) => kind.test(password))) {
    throw badRequest(
      "Password not strong (must contain upper case, lower case, " +
        "digits and be at least 10 characters!",
    );
  }
  return password;
}

function keyNamesOf(wanted: Json): readonly string[] {
  const { key_name: name, "SNF:key_names": names } = wanted;
  if (Array.isArray(names)) return names.map(scalar);
  return name === undefined || name === null ? [] : [scalar(name)];
}

/** Returns the metadata, with values converted to text. In contrast, `addMetadata` refuses values that are not text. */
function metadataOf(wanted: unknown): Map<string, string> {
  const metadata = new Map(
    Object.entries(isJson(wanted) ? wanted : {}).map(([key, value]) => [key, scalar(value)]),
  );
  checkMetadata(metadata);
  return metadata;
}

/** Starts to build a server. Returns the server without waiting for the build. */
export function createServer(cloud: Cloud, user: UserRecord, wanted: unknown): ServerRecord {
  const { cloudState, clock, cluster } = cloud;
  if (typeof wanted === "number") throw unexpected();
  if (!isJson(wanted)) throw badRequest("Malformed request");
  const { name, imageRef, flavorRef, networks = [], user_data: userData } = wanted;
  if (typeof name !== "string" || imageRef === undefined || flavorRef === undefined) {
    throw badRequest("Malformed request");
  }
  if (!Array.isArray(networks)) throw badRequest("Malformed request");
  const personality = parsePersonality(wanted.personality);
  const adminPass = checkPassword(wanted.adminPass);
  if (Number.isNaN(idOf(flavorRef))) throw badRequest(`Invalid flavor ID '${scalar(flavorRef)}'`);
  const flavor = offeredFlavorById(cloud, idOf(flavorRef));
  const imageId = scalar(imageRef);
  imageById(cloud, imageId, `Image '${imageId}' not found`);
  const keyNames = keyNamesOf(wanted);
  for (const keyName of keyNames) findKeyPair(cloud, user, keyName);
  checkName(name);
  const metadata = metadataOf(wanted.metadata);
  const project = cloud.quotas.project(user.uuid, wanted.project);

  const ports = portsOf(cloud, user, networks);
  const id = cloudState.nextId("server");
  try {
    cloud.quotas.take(user.uuid, project, quotas.server(flavor));
  } catch (error) {
    removeMade(cloud, networks, ports);
    throw error;
  }
  const now = clock.stamp();
  const server: ServerRecord = {
    id,
    volumeId: cloudState.nextId("volume"),
    name,
    userId: user.uuid,
    project: project.id,
    flavorId: flavor.id,
    imageId,
    keyNames,
    personality,
    userData: typeof userData === "string" ? userData : null,
    adminPass,
    metadata,
    state: "BUILD",
    task: null,
    created: now,
    updated: now,
  };
  cloudState.servers.set(id, server);
  for (const port of ports) connectPort(cloud, port, server);
  cluster.submit(server, "BUILD", cloud.buildTime, () => {
    server.state = "STARTED";
    for (const port of ports) activate(cloud, port);
  });
  return server;
}

export function renameServer({ clock }: Cloud, server: ServerRecord, name: unknown): void {
  server.name = checkName(scalar(name));
  server.updated = clock.stamp();
}
