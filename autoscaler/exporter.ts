import { createServer, type Server } from "node:http";
import { Counter, Gauge, Registry } from "prom-client";
import { OperatorError } from "../core/errors";
import type { Report } from "./report";
import type { ZoneReading } from "./sample";

/** Metrics of an autoscaler for Prometheus. */
export class Exporter {
  private readonly registry = new Registry();
  private readonly zones = this.gauge(
    "trunkline_zones",
    "Zones in service before the last decision.",
  );
  private readonly wanted = this.gauge(
    "trunkline_zones_wanted",
    "Zones that the last decision asks for.",
  );
  private readonly sessions = this.gauge("trunkline_sessions", "Connections through HAProxy.");
  private readonly unknown = this.gauge(
    "trunkline_unknown_connections",
    "Connections through HAProxy without a registered phone.",
  );
  private readonly lastTick = this.gauge(
    "trunkline_last_tick_timestamp_seconds",
    "Time of the sample that the last decision is based on.",
  );
  private readonly ofZone = {
    calls: this.gauge("trunkline_zone_calls", "Calls that a zone carries.", ["zone"]),
    registrations: this.gauge("trunkline_zone_registrations", "Phones registered in a zone.", [
      "zone",
    ]),
    bytesPerSecond: this.gauge(
      "trunkline_zone_bytes_per_second",
      "Traffic of a zone's network interfaces, both directions together.",
      ["zone"],
    ),
    cpu: this.gauge("trunkline_zone_cpu_ratio", "Share of a zone's processors in use.", ["zone"]),
  } satisfies Record<keyof ZoneReading, Gauge>;
  private readonly decisions = new Counter({
    name: "trunkline_decisions_total",
    help: "Decisions of the autoscaler.",
    labelNames: ["action"],
    registers: [this.registry],
  });
  private readonly failures = new Counter({
    name: "trunkline_failures_total",
    help: "Changes that failed or were refused, and measurements without a result.",
    registers: [this.registry],
  });

  record({ decision, sample, from, ok }: Report): void {
    this.zones.set(from);
    this.wanted.set(decision.zones);
    // Unknown values are removed, because Prometheus takes any number for a measured value.
    this.sessions.remove();
    this.unknown.remove();
    for (const gauge of Object.values(this.ofZone)) gauge.reset();
    if (sample.sessions !== null) this.sessions.set(sample.sessions);
    if (sample.unknown !== null) this.unknown.set(sample.unknown);
    for (const { name: zone, reading } of sample.zones) {
      for (const [key, gauge] of Object.entries(this.ofZone)) {
        const value = reading?.[key as keyof ZoneReading] ?? null;
        if (value !== null) gauge.set({ zone }, value);
      }
    }
    this.lastTick.set(sample.at / 1000);
    this.decisions.inc({ action: decision.action });
    if (!ok) this.failures.inc();
  }

  fail(): void {
    this.failures.inc();
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }

  /** Serves `GET /metrics` on the loopback address only. @throws OperatorError if the port cannot be used. */
  async listen(port: number): Promise<Server> {
    const server = createServer((request, response) => {
      const isOurs = request.method === "GET" && request.url === "/metrics";
      void (isOurs ? this.text() : Promise.resolve("see /metrics\n")).then((text) => {
        response.writeHead(isOurs ? 200 : 404, { "content-type": this.registry.contentType });
        response.end(text);
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.on("error", ({ message }) => {
        reject(new OperatorError(`--metrics-port ${String(port)} cannot be used: ${message}`));
      });
      server.listen(port, "127.0.0.1", resolve);
    });
    return server.unref();
  }

  private gauge(name: string, help: string, labelNames: string[] = []): Gauge {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }
}
