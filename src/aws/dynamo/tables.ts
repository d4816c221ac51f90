/** The DynamoDB tables, by what they hold; their names begin with the deployment's prefix. */
export interface Table {
  name: string;
  partition_key: string;
  sort_key?: string;
  /** Attribute with the Unix time after which DynamoDB removes the item. */
  expires?: string;
  index?: { name: string; partition_key: string; partition_type: "N"; sort_key: string };
}

export const tables = {
  /** The newest observation of each aircraft; the index answers boxes by tiles of ten degrees. */
  aircraft: {
    name: "aircraft",
    partition_key: "icao24",
    expires: "expires_at",
    index: { name: "tile", partition_key: "tile", partition_type: "N", sort_key: "icao24" },
  },
  /** History: address and day, then what else makes an observation one. */
  states: { name: "states", partition_key: "aircraft_day", sort_key: "observation", expires: "expires_at" },
  /** The ledger: flow and day of arrival, then the delivery. */
  batches: { name: "batches", partition_key: "flow_day", sort_key: "delivery_id" },
  checkpoints: { name: "checkpoints", partition_key: "item" },
} as const satisfies Record<string, Table>;

export const tableName = (prefix: string, table: keyof typeof tables): string => `${prefix}-${tables[table].name}`;
