/** Seconds in a day and in an hour. Unix time ignores leap seconds, so every UTC day has the same length. */
export const DAY_S = 86_400;
export const HOUR_S = 3_600;
