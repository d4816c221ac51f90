/** Patterns of identifiers. This file imports nothing from Node, because the page uses it too. */

/** A source is the network or receiver that reported a row. */
export const sourcePattern = "^[a-z0-9][a-z0-9_-]{0,31}$";

/** The source of a row if neither its sender nor its format names one. */
export const DEFAULT_SOURCE = "opensky";

/** A cleaned aircraft address. A leading `~` marks an address that ICAO did not assign. */
export const icao24Pattern = "^~?[0-9a-f]{6}$";

/** The hexadecimal digits of delivery and batch ids, after their first letter. */
export const idDigitsPattern = "[0-9a-f]{32}";
