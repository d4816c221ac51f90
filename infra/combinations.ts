const streams = { "on-demand": "on-demand", provisioned: { shards: 1, maxShards: 8 } } as const;
const usual = { poller: "opensky", alarmEmail: "a@example.org" };

/** Settings whose templates must pass the gate and `cfn-lint`: engine x database x stream, and the options beside them. */
export const combinations: readonly { name: string; given: Record<string, unknown> }[] = [
  ...(["glue", "lambda"] as const).flatMap((engine) =>
    (["none", "dynamodb", "postgres", "both"] as const).flatMap((database) =>
      Object.entries(streams).map(([name, stream]) => ({
        name: `${engine}, ${database}, ${name}`,
        given: { ...usual, engine, database, stream },
      })),
    ),
  ),
  {
    name: "keys, a firewall, another source, NDJSON, the account's own role",
    given: { auth: "apiKey", firewall: true, poller: "adsblol", lake: "ndjson", accountRole: false },
  },
  { name: "Glue 5.1, no source, nobody to tell", given: { engine: "glue", glueVersion: "5.1" } },
];
