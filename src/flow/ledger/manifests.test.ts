import { expect, test } from "vitest";
import { batchWrite } from "../../../test/conformance/writes.ts";
import { goodRow } from "../../../test/harness/bodies.ts";
import { temporaryFolder } from "../../../test/harness/product.ts";
import { fileStore } from "../../files/file-store.ts";
import { requireReader } from "../api/read-routes.ts";
import { NotAnsweredError } from "../errors.ts";
import { manifests } from "./manifests.ts";

test("without a database, a manifest counts each delivery once", async () => {
  const objects = fileStore(await temporaryFolder());
  const { sink, ledger, reader } = manifests(objects);
  const first = { id: "s1", rows: [goodRow(), goodRow()], rejected: { not_json: 2 } };
  const second = { id: "s2", rows: [goodRow({ icao24: "3c6445" })] };
  expect(await sink.apply(batchWrite("b1", [first]))).toEqual({
    received: 4,
    accepted: 1,
    duplicate: 1,
    rejected: 2,
    repeats: 0,
  });
  expect(await sink.apply(batchWrite("b2", [first, second]))).toMatchObject({ received: 1, accepted: 1, repeats: 4 });
  const at = (id: string) => ({ id, received_at: 1_800_000_000 });
  expect(await manifests(objects).sink.delivered(["s1", "s2", "s3"].map(at))).toEqual(new Set(["s1", "s2"]));
  expect(await manifests(objects).ledger.batch(at("s1"))).toMatchObject({ received: 4, rejected: { not_json: 2 } });
  expect((await ledger.totals({ since: 0 })).flows.stream).toMatchObject({ received: 5, accepted: 2, stored: null });
  expect(reader).toBeNull();
  expect(() => requireReader(reader)).toThrow(NotAnsweredError);
});
