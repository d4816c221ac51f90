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
import { available } from "../errors.ts";
import { tableName } from "./tables.ts";

export interface DynamoCheckpointsOptions {
  /** What the tables' names begin with. */
  prefix: string;
  stream: string;
  /** A lease that is not renewed for this long is free: longer than clocks differ and a pause of the process lasts. */
  lease_ms?: number;
}

interface Session {
  client: DynamoDBClient;
  table: string;
  stream: string;
  lease_ms: number;
  /** Tells this session from others. */
  member: string;
}

/**
 * The `Checkpoints` port: an item per shard, with a growing number and the time at which its lease ends
 * unless renewed.
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

/** A lease's end once its holder gave it up: no beat that is still under way brings it back. */
const GIVEN_UP = "0";

const shardItem = ({ stream }: Session, shard: string) => ({ item: { S: `shard/${stream}/${shard}` } });
const memberItem = ({ stream, member }: Session) => ({ item: { S: `member/${stream}/${member}` } });
const endOf = ({ lease_ms }: Session) => ({ N: String(Date.now() + lease_ms) });
const now = () => ({ N: String(Date.now()) });

async function openSession(session: Session): Promise<CheckpointSession> {
  const held = new Map<string, number>();
  await beat(session, held);
  // a beat that fails is made good by the next; a lease that ended meanwhile is refused at its next save
  const beating = setInterval(() => void beat(session, held).catch(() => {}), session.lease_ms / 3);
  return {
    members: () => available("DynamoDB", () => countMembers(session)),
    position: (shard) => available("DynamoDB", () => readPosition(session, shard)),
    lease: (shard) => available("DynamoDB", () => takeLease(session, shard, held)),
    async close() {
      clearInterval(beating);
      for (const [shard, epoch] of held) await giveUp(session, shard, epoch);
      await session.client.send(new DeleteItemCommand({ TableName: session.table, Key: memberItem(session) }));
    },
  };
}

/** Says that the session lives, and renews what it holds. */
async function beat(session: Session, held: ReadonlyMap<string, number>): Promise<void> {
  const { client, table } = session;
  const Item = { ...memberItem(session), ends_ms: endOf(session) };
  await available("DynamoDB", () => client.send(new PutItemCommand({ TableName: table, Item })));
  for (const [shard, epoch] of held) await updateAt(session, { shard, epoch, set: { ends_ms: endOf(session) } });
}

interface Update {
  shard: string;
  epoch: number;
  set: Record<string, { S: string } | { N: string }>;
}

/** Sets attributes of a shard under the epoch that holds it; false when it was given up, or another has taken it since. */
async function updateAt(session: Session, { shard, epoch, set }: Update): Promise<boolean> {
  const names = Object.keys(set);
  try {
    await session.client.send(
      new UpdateItemCommand({
        TableName: session.table,
        Key: shardItem(session, shard),
        UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(", ")}`,
        ConditionExpression: "epoch = :epoch AND ends_ms > :given_up",
        ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
        ExpressionAttributeValues: {
          ":epoch": { N: String(epoch) },
          ":given_up": { N: GIVEN_UP },
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

const giveUp = (session: Session, shard: string, epoch: number): Promise<boolean> =>
  updateAt(session, { shard, epoch, set: { ends_ms: { N: GIVEN_UP } } });

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

async function takeLease(session: Session, shard: string, held: Map<string, number>): Promise<Lease | null> {
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
      const isSaved = await available("DynamoDB", () => updateAt(session, { shard, epoch, set }));
      if (!isSaved)
        throw new LeaseLostError(
          `shard ${shard} of ${session.stream} was given up, or leased again by another consumer`,
        );
      position = next;
    },
    async release() {
      held.delete(shard);
      await available("DynamoDB", () => giveUp(session, shard, epoch));
    },
  };
}
