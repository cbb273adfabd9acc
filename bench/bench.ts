import { LAB_ENVIRONMENT } from "../cli/cloud";
import { Fault } from "../cli/command";
import { main } from "../cli/progress";
import { measureChanges } from "./changes";
import { measurePreviews } from "./preview";

const HELP = `usage: make bench, or with pulumi on PATH: npx tsx bench/bench.ts [OPTION]...

Measures
  previews  how long \`pulumi preview\` of a fresh stack takes, against that of an empty program with
            the same provider; kept in bench/results.md
  changes   how long \`pulumi up\` takes to change an exchange that runs in the lab, and what a call
            that is up notices of it; kept in docs/changes.md and bench/changes.json

Options:
  --only=previews|changes   one of the two
  --rounds=N                how often what is compared is measured (5)
  --help                    this text
`;

const option = (name: string): string | undefined =>
  process.argv.find((arg) => arg.startsWith(`--${name}=`))?.split("=")[1];

main(async () => {
  if (process.argv.includes("--help")) {
    process.stdout.write(HELP);
    return;
  }
  const rounds = Number(option("rounds") ?? 5);
  const only = option("only");
  if (!(rounds >= 1) || ![undefined, "previews", "changes"].includes(only)) {
    throw new Fault("these options are not understood; see --help");
  }
  if (only !== "previews" && process.env.OS_CLOUD !== LAB_ENVIRONMENT.OS_CLOUD) {
    throw new Fault(
      "changes are measured in the lab; start it with: make lab-up, or measure --only=previews",
    );
  }
  if (only !== "changes") {
    await measurePreviews(rounds);
  }
  if (only !== "previews") {
    await measureChanges(rounds);
  }
});
