const streams = { "on-demand": "on-demand", provisioned: { shards: 1, maxShards: 8 } } as const;
const common = { poller: "opensky", alarmEmail: "a@example.org" };

/** Settings whose templates must pass the gate and `cfn-lint`: engine x database x stream, and two with the other options. */
export const combinations: readonly { name: string; settings: Record<string, unknown> }[] = [
  ...(["glue", "lambda"] as const).flatMap((engine) =>
    (["none", "dynamodb", "postgres", "both"] as const).flatMap((database) =>
      Object.entries(streams).map(([name, stream]) => ({
        name: `${engine}, ${database}, ${name}`,
        settings: { ...common, engine, database, stream },
      })),
    ),
  ),
  {
    name: "API keys, a firewall, adsb.lol, NDJSON, an existing logging role",
    settings: { auth: "apiKey", firewall: true, poller: "adsblol", lake: "ndjson", accountRole: false },
  },
  { name: "Glue 5.1, no poller, no alarm mail", settings: { engine: "glue", glueVersion: "5.1" } },
];
