import { expect, test } from "vitest";
import { goodRow } from "../../../test/harness/bodies.ts";
import { temporaryFolder } from "../../../test/harness/product.ts";
import { fileStore } from "../../files/file-store.ts";
import { encodeChunk } from "../../format/chunk.ts";
import { UnavailableError } from "../errors.ts";
import { manifests } from "../ledger/manifests.ts";
import type { Sink, StreamRecord } from "../ports.ts";
import { applyInOrder } from "./micro-batch.ts";

const record = (n: number): StreamRecord => ({
  partition_key: "k",
  sequence_number: String(n),
  data: encodeChunk("opensky", [Buffer.from(JSON.stringify(goodRow({ icao24: (0x3c0000 + n).toString(16) })))]),
  arrived_at: 1_800_000_000,
});

test("while a sink is down, the first record of a batch fails and nothing is written, and later each is stored once", async () => {
  const objects = fileStore(await temporaryFolder());
  const { sink, ledger } = manifests(objects);
  const down: Sink = { ...sink, apply: () => Promise.reject(new UnavailableError("down")) };
  const ports = { objects, lake: "ndjson", stream: "test", source: "opensky" } as const;
  const records = [record(3), record(1), record(2)];
  const first = await applyInOrder(records, { ...ports, sink: down });
  expect([first.applied, first.failed?.record.sequence_number]).toEqual([[], "1"]);
  for await (const { key } of objects.list("")) expect.fail(`${key} was written`);
  const second = await applyInOrder(records, { ...ports, sink });
  expect(second.failed).toBeUndefined();
  expect((await applyInOrder(records, { ...ports, sink })).applied).toMatchObject([{ received: 0, repeats: 3 }]);
  expect((await ledger.totals({ since: 0 })).flows.stream).toMatchObject({ received: 3, accepted: 3 });
});
