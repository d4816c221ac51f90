/** A DynamoDB table. Its full name begins with the deployment's prefix. */
export interface Table {
  name: string;
  partition_key: string;
  sort_key?: string;
  /** The attribute with the Unix time after which DynamoDB deletes the item. */
  expires?: string;
  index?: { name: string; partition_key: string; partition_type: "N"; sort_key: string };
}

export const tables = {
  /** The newest observation of each aircraft. The index finds aircraft in a box by tiles of ten degrees. */
  aircraft: {
    name: "aircraft",
    partition_key: "icao24",
    expires: "expires_at",
    index: { name: "tile", partition_key: "tile", partition_type: "N", sort_key: "icao24" },
  },
  /** The history. The partition key is address and day. With the sort key it is the identity of an observation. */
  states: { name: "states", partition_key: "aircraft_day", sort_key: "observation", expires: "expires_at" },
  /** The ledger. The partition key is flow and day of arrival, the sort key the delivery. */
  batches: { name: "batches", partition_key: "flow_day", sort_key: "delivery_id" },
  /** Positions and leases of shards, and the live consumers. */
  checkpoints: { name: "checkpoints", partition_key: "item" },
} as const satisfies Record<string, Table>;

export const tableName = (prefix: string, table: keyof typeof tables): string => `${prefix}-${tables[table].name}`;
