import { main } from "@pulumi/pulumi/provider";
import { engineLoggers } from "./engine-log";
import { PbxResourceProvider } from "./provider";

// Pulumi passes the address of its engine as an argument, and reads the provider's port from standard output.
const args = process.argv.slice(2);
const engineAddress = args.find((arg) => !arg.startsWith("-")) ?? "";

// If Pulumi is killed, this process would not end by itself. So it checks whether its parent has changed. A node still
// finishes a request that it has begun.
const pulumi = process.ppid;
setInterval(() => {
  if (process.ppid !== pulumi) process.exit();
}, 500).unref();

void main(new PbxResourceProvider(engineLoggers(engineAddress)), args);
