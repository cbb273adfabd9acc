import { ensureCommands } from "./packages";

/** baresip modules for a phone without a screen, a sound card or a keyboard. */
const MODULES = [
  "module g711.so",
  "module ausine.so",
  "module_app menu.so",
  "module_app ctrl_tcp.so",
];

export interface BaresipSettings {
  /** Local address for SIP and RTP. */
  readonly address: string;
  /** First of three consecutive ports: SIP over UDP and TCP, SIP over TLS, control. */
  readonly port: number;
  readonly toneHz: number;
  /** Folder for recordings of sent and received audio; null for no recordings. */
  readonly recordings: string | null;
}

export const controlPort = (port: number): number => port + 2;

/** Returns the text of baresip's `config` file. Accounts are sent over the control connection instead. */
export function renderBaresipConfig(settings: BaresipSettings): string {
  const lines = [
    `net_interface ${settings.address}`,
    `sip_listen ${settings.address}:${String(settings.port)}`,
    `ctrl_tcp_listen 127.0.0.1:${String(controlPort(settings.port))}`,
    "call_max_calls 1",
    `audio_source ausine,${String(settings.toneHz)}`,
    // In baresip 1.0 (Debian 12), ausine supports only this sample rate, and only two channels.
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

/** Installs baresip if it is missing, from Debian's package without a graphical interface. */
export const ensureBaresip = (): Promise<void> => ensureCommands({ baresip: "baresip-core" });
