/** Patterns of identifiers. Nothing of Node is imported here, because the page uses them too. */

/** A source: the network or receiver that reported a row. */
export const sourcePattern = "^[a-z0-9][a-z0-9_-]{0,31}$";

/** The source of rows whose shape and sender name none. */
export const DEFAULT_SOURCE = "opensky";

/** A cleaned aircraft address. A leading `~` marks an address that ICAO did not assign. */
export const icao24Pattern = "^~?[0-9a-f]{6}$";
