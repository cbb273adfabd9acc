import { parseArgs } from "node:util";
import { OperatorError } from "../core/errors";
import { main } from "../core/main";
import { LAB_ENVIRONMENT } from "../stack/cloud-environment";
import { measureChanges } from "./changes";
import { measurePreviews } from "./preview";
import { measureRegistrations } from "./registrations";

const HELP = `usage: make bench, or with pulumi on PATH: npx tsx bench/bench.ts [OPTION]...

Measures
  previews  time of \`pulumi preview\` for a new stack, compared with empty programs with the same
            provider; written to bench/results.md
  changes   time of \`pulumi up\` to change an exchange that runs in the lab, and the effect on a call;
            written to docs/changes.md and bench/changes.json
  registrations
            registrations per second, and the time until the called phone rings, compared with an
            earlier commit of this repository; uses the golden images in network namespaces and needs
            root; written to bench/registrations.md

Options:
  --only=previews|changes|registrations
                   measure only one of the three
  --rounds=N       number of rounds; some changes are measured only once (default: 5)
  --before=COMMIT  commit to compare registrations with (default: the fork point from main or, on main,
                   the last earlier release)
  --help           print this text
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
  if (!(rounds >= 1)) throw new OperatorError("--rounds must be 1 or more; see --help");
  if (only !== undefined && !SUBJECTS.includes(only)) {
    throw new OperatorError(`--only is not one of ${SUBJECTS.join(", ")}`);
  }
  const isWanted = (subject: string): boolean => only === undefined || only === subject;
  if (isWanted("changes") && process.env.OS_CLOUD !== LAB_ENVIRONMENT.OS_CLOUD) {
    throw new OperatorError(
      "changes can be measured only in the lab; start the lab with: make lab-up, or use --only=previews or --only=registrations",
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
