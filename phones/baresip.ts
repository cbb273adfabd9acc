import { ensureCommands } from "./packages";

/** Modules that a phone without screen, sound card or keyboard needs. */
const MODULES = [
  "module g711.so",
  "module ausine.so",
  "module_app menu.so",
  "module_app ctrl_tcp.so",
];

export interface BaresipSettings {
  /** Local address for SIP and RTP. */
  readonly address: string;
  /** First of three: SIP over UDP and TCP, SIP over TLS, control. */
  readonly port: number;
  /** Frequency of the tone that the phone speaks. */
  readonly toneHz: number;
  /** Where to record what the phone says and hears; null for nowhere. */
  readonly recordings: string | null;
}

export const controlPort = (port: number): number => port + 2;

/** baresip's `config`. It holds no account: accounts are handed over by the control connection. */
export function renderBaresipConfig(settings: BaresipSettings): string {
  const lines = [
    `net_interface ${settings.address}`,
    `sip_listen ${settings.address}:${String(settings.port)}`,
    `ctrl_tcp_listen 127.0.0.1:${String(controlPort(settings.port))}`,
    "call_max_calls 1",
    `audio_source ausine,${String(settings.toneHz)}`,
    // The only format that ausine makes.
    "ausrc_srate 48000",
    "ausrc_channels 2",
    "ringback_disabled yes",
    "statmode_default off",
    "module_path /usr/lib/baresip/modules",
    ...MODULES,
  ];
  if (settings.recordings !== null) {
    lines.push("module sndfile.so", `snd_path ${settings.recordings}`);
  }
  return `${lines.join("\n")}\n`;
}

/** Installs baresip where it is missing: the package that brings no graphics. */
export const ensureBaresip = (): Promise<void> => ensureCommands({ baresip: "baresip-core" });
