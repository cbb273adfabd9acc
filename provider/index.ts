import { main } from "@pulumi/pulumi/provider";
import { PbxResourceProvider } from "./provider";
import { engineLoggers } from "./engine-log";

// Pulumi starts this with its own address, and reads the port that the provider listens on.
const args = process.argv.slice(2);
const engineAddress = args.find((arg) => !arg.startsWith("-")) ?? "";

// A Pulumi that was killed takes nobody with it; what is done on a node then comes to its end there.
const pulumi = process.ppid;
setInterval(() => {
  if (process.ppid !== pulumi) process.exit();
}, 500).unref();

void main(new PbxResourceProvider(engineLoggers(engineAddress)), args);
