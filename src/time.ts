/** Seconds of a day and an hour. UTC days have no leap seconds in Unix time. */
export const DAY_S = 86_400;
export const HOUR_S = 3_600;
