import { z } from "zod";

/** SIP channel drivers of Asterisk. */
export const sipDriverSchema = z.enum(["chan_sip", "pjsip"]);
export type SipDriver = z.infer<typeof sipDriverSchema>;

/** Names of codecs in Asterisk. */
export const codecSchema = z.enum(["ulaw", "alaw", "g722", "gsm"]);
export type Codec = z.infer<typeof codecSchema>;

/** Algorithms with which HAProxy distributes connections over the zones (keyword `balance`). */
export const balanceSchema = z.enum(["roundrobin", "leastconn", "source"]);
export type Balance = z.infer<typeof balanceSchema>;
