import { main } from "../core/main";
import { Exporter } from "../autoscaler/exporter";
import { Journal } from "../autoscaler/journal";
import { MemoryFile } from "../autoscaler/memory";
import { decisionInWords, isBlind } from "../autoscaler/report";
import { lockAutoscaler } from "../autoscaler/single";
import { parseArguments } from "./arguments";
import { CANNOT_WORK, runLoop } from "../autoscaler/loop";
import { readOnly, Runner } from "../autoscaler/runner";
import { stopOnSignals } from "../autoscaler/signals";
import { explanation } from "./autoscale-tables";
import { OperatorError } from "../core/errors";
import { projectEnvironment } from "../stack/environment";
import { autoscalerMemory, decisionLog } from "../core/paths";
import { say } from "../core/progress";
import { findStack } from "../stack/stack";

const HELP = `Adds zones before callers feel the lack of them, and drains and removes those that nobody needs.

Looks at the exchange again and again, decides by pbx:autoscale of the stack's configuration, and
brings the number of zones about by updates of the stack. May be killed at any time: the next run
goes on from there. docs/autoscaler.md has the rules.

  npm run autoscale -- [options]

Options:
  --once               one look, one decision, and what it asks for; for cron or a timer
  --dry-run            one look and the decision; nothing is changed
  --explain            the same with all figures that it rests on, as tables
  --metrics-port PORT  figures for Prometheus at http://127.0.0.1:PORT/metrics
  --stack NAME         the stack to look after (PULUMI_STACK, or dev)
  -h, --help           this text

SIGTERM ends it when a new zone that has been begun is in service; a drain is called off, and the
zone stays in service. A second one, or Ctrl-C, calls off whatever is under way.

Exit code 0 when nothing failed, which includes that it waits for another update of the stack; 2 when
a change failed and the exchange is, or is being brought, back to what it was; 1 when it cannot work
at all: a fault of the configuration, another autoscaler of the stack, a stack that cannot be read, or
an exchange none of whose zones can be read.`;

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
  const looksOnly = values["dry-run"] || values.explain;
  const release = looksOnly ? null : await lockAutoscaler(path);
  const runner = new Runner(stack, looksOnly ? readOnly(file) : file);
  try {
    if (looksOnly) {
      await runner.start();
      const considered = await runner.consider();
      console.log(values.explain ? explanation(considered) : decisionInWords(considered.decision));
      if (isBlind(considered)) process.exitCode = CANNOT_WORK;
      return;
    }
    const journal = new Journal(decisionLog(values.stack), values.stack, tell);
    const exporter = new Exporter();
    const server = port === null ? null : await exporter.listen(port);
    const stop = stopOnSignals(tell);
    try {
      await runner.start();
      process.exitCode = await runLoop({
        ...{ runner, journal, exporter, stop, once: values.once, say: tell },
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

/** @throws OperatorError */
function metricsPort(text: string | undefined): number | null {
  if (text === undefined) return null;
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) {
    throw new OperatorError(`--metrics-port ${text} is no port; write a number from 1 to 65535`);
  }
  return port;
}
