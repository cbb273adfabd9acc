import { Exporter } from "../autoscaler/exporter";
import { Journal } from "../autoscaler/journal";
import { EXIT_UNUSABLE, runLoop } from "../autoscaler/loop";
import { MemoryFile } from "../autoscaler/memory";
import { describeDecision, isBlind } from "../autoscaler/report";
import { readOnly, Runner } from "../autoscaler/runner";
import { stopOnSignals } from "../autoscaler/signals";
import { lockAutoscaler } from "../autoscaler/single";
import { OperatorError } from "../core/errors";
import { main } from "../core/main";
import { autoscalerMemory, decisionLog } from "../core/paths";
import { say } from "../core/progress";
import { projectEnvironment } from "../stack/environment";
import { findStack } from "../stack/open-stack";
import { parseArguments } from "./arguments";
import { explanation } from "./autoscale-tables";

const HELP = `Adds zones before the exchange is full; drains and removes zones that are not needed.

Measures the load of the exchange at intervals, decides by pbx:autoscale in the stack's configuration,
and changes the number of zones with updates of the stack. You can kill the autoscaler at any time: the
next run repairs the stack if needed, and continues. For the rules, see docs/autoscaler.md.

  npm run autoscale -- [options]

Options:
  --once               measure once, decide, carry out the decision, and exit; for cron or a timer
  --dry-run            decide once and print the decision; change nothing
  --explain            as --dry-run, with tables of the current load and of all criteria
  --metrics-port PORT  serve metrics for Prometheus at http://127.0.0.1:PORT/metrics
  --stack NAME         the stack to scale (default: PULUMI_STACK, or dev)
  -h, --help           print this text

SIGTERM stops the autoscaler. A zone that is being added is completed first; a drain is cancelled, and
its zone stays in service. A second SIGTERM, or Ctrl-C, also cancels an update in progress.

Exit codes:
  0   no failure; waiting for another update of the stack is not a failure
  1   the autoscaler cannot work: a fault in the configuration, another autoscaler of the stack,
      a stack that cannot be read, or no zone that can be read
  2   a change failed, and was or will be rolled back; or the guard refused the change`;

main(async () => {
  const values = parseArguments(HELP, {
    once: { type: "boolean", default: false },
    "dry-run": { type: "boolean", default: false },
    explain: { type: "boolean", default: false },
    "metrics-port": { type: "string" },
  });
  const port = metricsPort(values["metrics-port"]);
  const stack = await findStack(values.stack, await projectEnvironment());
  const path = autoscalerMemory(values.stack);
  const file = new MemoryFile(path);
  const isReadOnly = values["dry-run"] || values.explain;
  const release = isReadOnly ? null : await lockAutoscaler(path);
  const runner = new Runner(stack, isReadOnly ? readOnly(file) : file);
  try {
    if (isReadOnly) {
      await runner.start();
      const considered = await runner.consider();
      console.log(values.explain ? explanation(considered) : describeDecision(considered.decision));
      if (isBlind(considered)) process.exitCode = EXIT_UNUSABLE;
      return;
    }
    const journal = new Journal(decisionLog(values.stack), values.stack, tell);
    const exporter = new Exporter();
    const server = port === null ? null : await exporter.listen(port);
    const stop = stopOnSignals(tell);
    try {
      await runner.start();
      process.exitCode = await runLoop({
        runner,
        journal,
        exporter,
        stop,
        once: values.once,
        say: tell,
      });
    } finally {
      await journal.close();
      server?.close();
      stop.done();
    }
  } finally {
    runner.close();
    release?.();
  }
});

function tell(line: string): void {
  say("scaling", line);
}

function metricsPort(text: string | undefined): number | null {
  if (text === undefined) return null;
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) {
    throw new OperatorError(`--metrics-port ${text} is not a port; use a number from 1 to 65535`);
  }
  return port;
}
