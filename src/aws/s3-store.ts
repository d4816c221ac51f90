import {
  DeleteObjectCommand,
  GetObjectCommand,
  NoSuchKey,
  paginateListObjectsV2,
  PutObjectCommand,
  S3Client,
  type S3ServiceException,
} from "@aws-sdk/client-s3";
import { checkKey, isKey } from "../flow/objects/keys.ts";
import type { ObjectStore } from "../flow/ports.ts";
import type { Environment } from "../settings.ts";
import { callService } from "./errors.ts";

const MAX_TRIES = 5;

/** An S3 client. With an emulator's endpoint it addresses buckets by path, because an emulator has no host for each bucket. */
export const s3Client = (env: Environment): S3Client =>
  new S3Client({ forcePathStyle: env["AWS_ENDPOINT_URL"] !== undefined, maxAttempts: 5 });

/** The `ObjectStore` port on an S3 bucket. S3 itself refuses to overwrite an object (`If-None-Match`). */
export function s3Store(client: S3Client, { bucket, prefix }: { bucket: string; prefix: string }): ObjectStore {
  const root = prefix === "" ? "" : `${prefix}/`;
  const objectAt = (key: string) => ({ Bucket: bucket, Key: root + checkKey(key) });
  return {
    async put(key, body) {
      const input = { ...objectAt(key), Body: body, IfNoneMatch: "*" };
      return callService("S3", () => putOnce(client, input));
    },
    async get(key) {
      const input = objectAt(key);
      return callService("S3", () => getOrNull(client, input));
    },
    async *list(from) {
      const pages = paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: root + from });
      for (;;) {
        const page = await callService("S3", () => pages.next());
        if (page.done === true) return;
        for (const { Key = "", Size = 0, LastModified } of page.value.Contents ?? []) {
          const key = Key.slice(root.length);
          // Spark leaves objects that mark its folders
          if (isKey(key)) yield { key, size: Size, modified: (LastModified?.getTime() ?? 0) / 1000 };
        }
      }
    },
    async delete(key) {
      const input = objectAt(key);
      await callService("S3", () => client.send(new DeleteObjectCommand(input)));
    },
  };
}

const statusOf = (error: unknown): number | undefined => (error as S3ServiceException).$metadata?.httpStatusCode;

async function putOnce(
  client: S3Client,
  input: ConstructorParameters<typeof PutObjectCommand>[0],
): Promise<"created" | "exists"> {
  for (let tries = 1; ; tries++) {
    try {
      await client.send(new PutObjectCommand(input));
      return "created";
    } catch (error) {
      if (statusOf(error) === 412) return "exists";
      // 409: two clients put the same key at the same time. After a retry S3 answers which one created the object
      if (statusOf(error) !== 409 || tries === MAX_TRIES) throw error;
    }
  }
}

async function getOrNull(
  client: S3Client,
  input: ConstructorParameters<typeof GetObjectCommand>[0],
): Promise<Uint8Array | null> {
  try {
    const { Body } = await client.send(new GetObjectCommand(input));
    return Body === undefined ? new Uint8Array() : await Body.transformToByteArray();
  } catch (error) {
    if (error instanceof NoSuchKey) return null;
    throw error;
  }
}
