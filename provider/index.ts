import { main } from "@pulumi/pulumi/provider";
import { PbxResourceProvider } from "./provider";
import { engineLoggers } from "./engine-log";

// Pulumi passes its own address as an argument, and reads the provider's port from standard output.
const args = process.argv.slice(2);
const engineAddress = args.find((arg) => !arg.startsWith("-")) ?? "";

// If Pulumi is killed, this process does not end by itself. Work that has begun on a node is finished there.
const pulumi = process.ppid;
setInterval(() => {
  if (process.ppid !== pulumi) process.exit();
}, 500).unref();

void main(new PbxResourceProvider(engineLoggers(engineAddress)), args);
