/** Maximum number of zones. Every zone has a trunk to every other zone, so trunks grow with the square. */
export const MAX_ZONES = 250;

/** Message for a larger number. */
export const TOO_MANY_ZONES_MESSAGE = `is more than ${String(MAX_ZONES)}, the maximum for a full mesh of trunks; write a smaller number`;
