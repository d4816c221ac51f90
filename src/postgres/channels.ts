/** The channels of PostgreSQL's notifications. */
export const CHANNELS = {
  /** A batch was applied. The payload is its id. */
  applied: "flightline_applied",
  /** A message arrived in a queue. The payload is the queue's name. */
  arrivals: "flightline_arrivals",
  /** A record was put on a stream. */
  stream: "flightline_stream",
} as const;
