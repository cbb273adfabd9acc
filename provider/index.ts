import { main } from "@pulumi/pulumi/provider";
import { PbxProvider } from "./provider";
import { voices } from "./voice";

// Pulumi starts this with its own address, and reads the port that the provider listens on.
const args = process.argv.slice(2);
const engineAddress = args.find((arg) => !arg.startsWith("-")) ?? "";

void main(new PbxProvider(voices(engineAddress)), args);
