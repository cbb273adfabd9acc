/** First and last port of a range. */
export interface PortRange {
  readonly start: number;
  readonly end: number;
}

/** SIP over TCP (RFC 3261, section 19.1.2). */
export const SIP_PORT = 5060;

/** TCP port of the controller's trunk address that zones report failed and successful log-ins to. */
export const REPORT_PORT = 5075;

/** IAX2 (RFC 5456, section 10). */
export const IAX2_PORT = 4569;

export const SSH_PORT = 22;

/** NTP (RFC 5905, section 7.2): nodes use the port on both sides. */
export const NTP_PORT = 123;

/** Media of a zone: an even and an odd port (RTP, RTCP) for each phone in a call. */
export const RTP_PORTS: PortRange = { start: 10_000, end: 10_999 };

/** Calls of a zone, all of them with a phone in another one; half as many have both phones here. */
export const MAX_CALLS = (RTP_PORTS.end - RTP_PORTS.start + 1) / 2;
