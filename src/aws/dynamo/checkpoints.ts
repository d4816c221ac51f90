import { randomUUID } from "node:crypto";
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  paginateScan,
  PutItemCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { LeaseLostError } from "../../flow/errors.ts";
import type { Checkpoints, CheckpointSession, Lease } from "../../flow/ports.ts";
import { callService } from "../errors.ts";
import { tableName } from "./tables.ts";

export interface DynamoCheckpointsOptions {
  /** The first part of the tables' names. */
  prefix: string;
  stream: string;
  /**
   * A lease expires when it is not renewed for this long. Default: 15 s. The value must exceed the difference between clocks and
   * the pauses of a process.
   */
  lease_ms?: number;
}

interface Session {
  client: DynamoDBClient;
  table: string;
  stream: string;
  lease_ms: number;
  /** The unique id of this session. */
  member: string;
}

/**
 * The `Checkpoints` port. Each shard has an item with a fencing token (`epoch`) and the end of its lease. The token grows with
 * each lease, so a consumer that lost its lease cannot save a position.
 */
export const dynamoCheckpoints = (client: DynamoDBClient, options: DynamoCheckpointsOptions): Checkpoints => ({
  open: () =>
    openSession({
      client,
      table: tableName(options.prefix, "checkpoints"),
      stream: options.stream,
      lease_ms: options.lease_ms ?? 15_000,
      member: randomUUID(),
    }),
});

/** The end of a released lease. A renewal that is still in progress must not revive it. */
const RELEASED = "0";

const shardItem = ({ stream }: Session, shard: string) => ({ item: { S: `shard/${stream}/${shard}` } });
const memberItem = ({ stream, member }: Session) => ({ item: { S: `member/${stream}/${member}` } });
const endOf = ({ lease_ms }: Session) => ({ N: String(Date.now() + lease_ms) });
const now = () => ({ N: String(Date.now()) });

async function openSession(session: Session): Promise<CheckpointSession> {
  const held = new Map<string, number>();
  await renew(session, held);
  // the next renewal makes up for a failed one. A lease that expires meanwhile fails at its next save
  const renewing = setInterval(() => void renew(session, held).catch(() => {}), session.lease_ms / 3);
  return {
    members: () => callService("DynamoDB", () => countMembers(session)),
    position: (shard) => callService("DynamoDB", () => readPosition(session, shard)),
    lease: (shard) => callService("DynamoDB", () => acquireLease(session, shard, held)),
    async close() {
      clearInterval(renewing);
      for (const [shard, epoch] of held) await release(session, shard, epoch);
      await session.client.send(new DeleteItemCommand({ TableName: session.table, Key: memberItem(session) }));
    },
  };
}

/** Renews the session's membership and its leases. `held` maps shards to fencing tokens. */
async function renew(session: Session, held: ReadonlyMap<string, number>): Promise<void> {
  const { client, table } = session;
  const Item = { ...memberItem(session), ends_ms: endOf(session) };
  await callService("DynamoDB", () => client.send(new PutItemCommand({ TableName: table, Item })));
  for (const [shard, epoch] of held) await updateShard(session, { shard, epoch, set: { ends_ms: endOf(session) } });
}

interface Update {
  shard: string;
  epoch: number;
  set: Record<string, { S: string } | { N: string }>;
}

/** Sets attributes of a shard under a fencing token. False when the lease was released or acquired by another session. */
async function updateShard(session: Session, { shard, epoch, set }: Update): Promise<boolean> {
  const names = Object.keys(set);
  try {
    await session.client.send(
      new UpdateItemCommand({
        TableName: session.table,
        Key: shardItem(session, shard),
        UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(", ")}`,
        ConditionExpression: "epoch = :epoch AND ends_ms > :released",
        ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
        ExpressionAttributeValues: {
          ":epoch": { N: String(epoch) },
          ":released": { N: RELEASED },
          ...Object.fromEntries(names.map((name) => [`:${name}`, set[name] ?? { S: "" }])),
        },
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

const release = (session: Session, shard: string, epoch: number): Promise<boolean> =>
  updateShard(session, { shard, epoch, set: { ends_ms: { N: RELEASED } } });

async function countMembers({ client, table, stream }: Session): Promise<number> {
  const pages = paginateScan(
    { client },
    {
      TableName: table,
      FilterExpression: "begins_with(#item, :member) AND ends_ms > :now",
      ExpressionAttributeNames: { "#item": "item" },
      ExpressionAttributeValues: { ":member": { S: `member/${stream}/` }, ":now": now() },
      ConsistentRead: true,
    },
  );
  let members = 0;
  for await (const { Count = 0 } of pages) members += Count;
  return Math.max(1, members);
}

async function readPosition(session: Session, shard: string): Promise<string | null> {
  const { Item } = await session.client.send(
    new GetItemCommand({ TableName: session.table, Key: shardItem(session, shard), ConsistentRead: true }),
  );
  return Item?.["position"]?.S ?? null;
}

async function acquireLease(session: Session, shard: string, held: Map<string, number>): Promise<Lease | null> {
  let item;
  try {
    item = await session.client.send(
      new UpdateItemCommand({
        TableName: session.table,
        Key: shardItem(session, shard),
        UpdateExpression: "SET ends_ms = :end ADD epoch :one",
        ConditionExpression: "attribute_not_exists(ends_ms) OR ends_ms <= :now",
        ExpressionAttributeValues: { ":end": endOf(session), ":now": now(), ":one": { N: "1" } },
        ReturnValues: "ALL_NEW",
      }),
    );
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return null;
    throw error;
  }
  const epoch = Number(item.Attributes?.["epoch"]?.N);
  let position = item.Attributes?.["position"]?.S ?? null;
  held.set(shard, epoch);
  return {
    shard,
    epoch,
    get position() {
      return position;
    },
    async save(next) {
      const set = { position: { S: next }, ends_ms: endOf(session) };
      const isSaved = await callService("DynamoDB", () => updateShard(session, { shard, epoch, set }));
      if (!isSaved)
        throw new LeaseLostError(
          `the lease of shard ${shard} of ${session.stream} was released, or another consumer has acquired it`,
        );
      position = next;
    },
    async release() {
      held.delete(shard);
      await callService("DynamoDB", () => release(session, shard, epoch));
    },
  };
}
