/** First and last port of a range. */
export interface PortRange {
  readonly start: number;
  readonly end: number;
}

/** SIP over TCP (RFC 3261, section 19.1.2). */
export const SIP_PORT = 5060;

/**
 * TCP port of the controller. Zones report successful and failed log-ins to this port. HAProxy sends its records of
 * connections to the UDP port with the same number, on loopback.
 */
export const REPORT_PORT = 5075;

/** TCP port on the controller's loopback address through which HAProxy's workers exchange their stick tables. */
export const HAPROXY_PEER_PORT = 5076;

/** IAX2 (RFC 5456, section 10). */
export const IAX2_PORT = 4569;

export const SSH_PORT = 22;

/** NTP (RFC 5905, section 7.2). Nodes use the port as source and as destination. */
export const NTP_PORT = 123;

/** Media ports of a zone. Each phone in a call takes an even port for RTP and the odd port after it for RTCP. */
export const RTP_PORTS: PortRange = { start: 10_000, end: 10_999 };

/**
 * Maximum number of calls of a zone if every call has one phone in this zone. The maximum is half as large if
 * every call has both phones in this zone.
 */
export const MAX_CALLS = (RTP_PORTS.end - RTP_PORTS.start + 1) / 2;
