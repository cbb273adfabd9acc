import { z } from "zod";
import { type Codec, type SipDriver } from "../core/telephony";
import { zoneContextSchema } from "./context";
import { parseContext, template } from "./engine";

/** Context of `modules.conf`: modules to load, and files in the zone's image that list further modules. */
export const ModulesConfContext = z.strictObject({
  modules: z.array(z.string()),
  lists: z.array(z.string()),
});

const render = template("modules.conf.hbs", ModulesConfContext);

/** Modules that a zone needs with any SIP driver. */
const COMMON = [
  "pbx_config",
  "app_dial",
  "app_stack",
  "func_callerid",
  "func_channel",
  "func_cut",
  "func_global",
  "func_groupcount",
  "func_hangupcause",
  "func_strings",
  "bridge_simple",
  "bridge_native_rtp",
  "res_timing_timerfd",
  "res_crypto",
  // res_rtp_asterisk (media) depends on res_pjproject, which depends on res_sorcery_config. So a zone needs all three
  // modules with any driver.
  "res_sorcery_config",
  "res_pjproject",
  "res_rtp_asterisk",
  "chan_iax2",
  "cdr_csv",
];

const DRIVER: Record<SipDriver, readonly string[]> = {
  chan_sip: ["func_devstate", "chan_sip"],
  pjsip: [
    "res_sorcery_memory",
    "res_sorcery_memory_cache",
    "res_sorcery_astdb",
    "res_config_sqlite3",
    "res_sorcery_realtime",
    "func_realtime",
    "res_pjsip",
    "res_pjsip_authenticator_digest",
    "res_pjsip_endpoint_identifier_user",
    "res_pjsip_registrar",
    "res_pjsip_session",
    "res_pjsip_pubsub",
    "res_pjsip_sdp_rtp",
    "res_pjsip_nat",
    "res_pjsip_caller_id",
    "res_pjsip_dtmf_info",
    "res_pjsip_rfc3326",
    // Each of the next three modules answers one kind of request within a call.
    "res_pjsip_dlg_options",
    "res_pjsip_empty_info",
    "res_pjsip_refer",
    "chan_pjsip",
    "func_pjsip_aor",
  ],
};

/**
 * Files in the image that list modules. `modules.conf` lists modules that are built with the image.
 * `modules-pjsip.conf` lists modules for requests within a call that no module of `DRIVER` answers. Its content depends
 * on the release of Asterisk.
 */
const LISTS: Record<SipDriver, readonly string[]> = {
  chan_sip: ["/usr/lib/trunkline/modules.conf"],
  pjsip: ["/usr/lib/trunkline/modules.conf", "/usr/lib/trunkline/modules-pjsip.conf"],
};

/** Translator module of each codec, for calls between phones that share no codec. */
const TRANSLATOR: Record<Codec, string> = {
  ulaw: "codec_ulaw",
  alaw: "codec_alaw",
  g722: "codec_g722",
  gsm: "codec_gsm",
};

const zone = zoneContextSchema.pick({ sipDriver: true, codecs: true }).strip();

export function renderModulesConf(context: z.input<typeof zone>): string {
  const { sipDriver, codecs } = parseContext("modules.conf", zone, context);
  const translators = codecs.map((codec) => TRANSLATOR[codec]);
  return render({
    modules: [...COMMON, ...DRIVER[sipDriver], ...translators],
    lists: [...LISTS[sipDriver]],
  });
}
