import fc from "fast-check";
import { expect, test } from "vitest";
import { dropDuplicates } from "../../flight/batch-rows.ts";
import { clean } from "../../flight/clean.ts";
import { identities } from "../../flight/identity.ts";
import { receivedRows } from "../../format/decoded.ts";
import { TooLargeError, UndecodableError } from "../../format/errors.ts";
import { inflate, gzip } from "../../format/gzip.ts";
import { decodeAs } from "./ingest.ts";

const RUNS = 10_000;
const row = {
  icao24: "3c6444",
  callsign: "DLH9LF",
  last_contact: 1_700_000_000,
  longitude: 8.5,
  latitude: 50,
  on_ground: false,
  velocity: 1,
};
const bodies = [
  JSON.stringify({
    time: 1,
    states: [
      [
        "3c6444",
        "DLH9LF ",
        "Germany",
        1_700_000_000,
        1_700_000_000,
        8.5,
        50,
        3000,
        false,
        1,
        2,
        3,
        null,
        4,
        "1000",
        false,
        0,
      ],
    ],
  }),
  JSON.stringify({
    now: 1_700_000_000,
    aircraft: [{ hex: "3c6444", lat: 50, lon: 8.5, seen: 1, alt_baro: 1000, flight: "A1" }],
  }),
  `${JSON.stringify(row)}\n${JSON.stringify({ ...row, icao24: "3c6445" })}\n`,
  `icao24,callsign,last_contact,longitude,latitude\n3c6444,"DLH,1",1700000000,8.5,50\n3c6445,X,1700000001,9,51\n`,
].map((text) => Buffer.from(text));

/** A body in which some bytes are replaced, removed or inserted. */
const mutated = fc
  .record({
    body: fc.constantFrom(...bodies, ...bodies.map((body) => gzip(body))),
    edits: fc.array(
      fc.record({
        at: fc.nat(400),
        cut: fc.nat(6),
        put: fc.uint8Array({ maxLength: 6 }),
        text: fc.constantFrom("", '"', "{", "[", ",", "\n", "null", "1e999", "\\ud800", "﻿"),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    media_type: fc.constantFrom("application/json", "application/x-ndjson", "text/csv"),
  })
  .map(({ body, edits, media_type }) => ({
    media_type,
    body: edits.reduce<Buffer>((bytes, { at, cut, put, text }) => {
      const start = at % (bytes.length + 1);
      return Buffer.concat([bytes.subarray(0, start), put, Buffer.from(text), bytes.subarray(start + cut)]);
    }, Buffer.from(body)),
  }));

test(`in ${RUNS} mutated bodies, each row is accepted, duplicate or rejected, or the body is refused as a whole`, () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  console.log(`seed ${seed}`);
  let refused = 0;
  let rows = 0;
  for (const { body, media_type } of fc.sample(mutated, { numRuns: RUNS, seed })) {
    try {
      const decoded = decodeAs(media_type, inflate(body), { source: undefined, received_at: 1_800_000_000 });
      const received = receivedRows(decoded);
      const rejections = [...decoded.rejections, ...clean(decoded.batch)];
      const duplicates = dropDuplicates(decoded.batch, identities());
      expect(received).toBe(decoded.batch.rows + duplicates + rejections.length);
      expect(rejections.every(({ reason }) => /^[a-z_0-9]+$/.test(reason))).toBe(true);
      rows += received;
    } catch (error) {
      if (!(error instanceof UndecodableError || error instanceof TooLargeError)) throw error;
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(100);
  expect(rows).toBeGreaterThan(1_000);
}, 120_000);
