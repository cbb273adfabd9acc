import { parseArgs } from "node:util";
import { LAB_ENVIRONMENT } from "../stack/cloud-environment";
import { OperatorError } from "../core/errors";
import { main } from "../core/main";
import { measureChanges } from "./changes";
import { measurePreviews } from "./preview";
import { measureRegistrations } from "./registrations";

const HELP = `usage: make bench, or with pulumi on PATH: npx tsx bench/bench.ts [OPTION]...

Measures
  previews  how long \`pulumi preview\` of a fresh stack takes, against that of an empty program with
            the same provider; kept in bench/results.md
  changes   how long \`pulumi up\` takes to change an exchange that runs in the lab, and what a call
            that is up notices of it; kept in docs/changes.md and bench/changes.json
  registrations
            how many phones register per second, and how long a call takes until the other phone rings,
            with the golden images in network namespaces, against a former commit of this repository;
            kept in bench/registrations.md. Needs root

Options:
  --only=previews|changes|registrations
                   one of the three
  --rounds=N       how often what is compared is measured (5)
  --before=COMMIT  what registrations are compared with (where this branch left main, or the last release)
  --help           this text
`;

const SUBJECTS = ["previews", "changes", "registrations"];

function parsed() {
  try {
    return parseArgs({
      options: {
        only: { type: "string" },
        rounds: { type: "string", default: "5" },
        before: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (error) {
    throw new OperatorError(`${(error as Error).message.split(". ")[0] ?? ""}; see --help`);
  }
}

main(async () => {
  const { help, only, before, ...options } = parsed();
  if (help) {
    process.stdout.write(HELP);
    return;
  }
  const rounds = Number(options.rounds);
  if (!(rounds >= 1)) throw new OperatorError("--rounds is not a number of 1 or more; see --help");
  if (only !== undefined && !SUBJECTS.includes(only)) {
    throw new OperatorError(`--only is none of ${SUBJECTS.join(", ")}`);
  }
  const isWanted = (subject: string): boolean => only === undefined || only === subject;
  if (isWanted("changes") && process.env.OS_CLOUD !== LAB_ENVIRONMENT.OS_CLOUD) {
    throw new OperatorError(
      "changes are measured in the lab; start it with: make lab-up, or measure --only=previews",
    );
  }
  if (isWanted("previews")) {
    await measurePreviews(rounds);
  }
  if (isWanted("registrations")) {
    await measureRegistrations(rounds, before);
  }
  if (isWanted("changes")) {
    await measureChanges(rounds);
  }
});
