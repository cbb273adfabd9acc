/** Every zone has a trunk to every other one: their number grows with the square of this. */
export const MAX_ZONES = 250;

/** Of a number that is larger. */
export const TOO_MANY_ZONES = `is more than ${String(MAX_ZONES)}, the most that a full mesh of trunks is made for; write a smaller number`;
