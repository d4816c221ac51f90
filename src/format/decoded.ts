import { newBatch, type Batch } from "../flight/batch.ts";
import { addRow, type Origin } from "../flight/fill.ts";
import { DEFAULT_SOURCE } from "../flight/identifiers.ts";
import { rowText, type Rejection } from "../flight/rejection.ts";
import type { Rows } from "./rows.ts";
import { shapeOf, WrongShapeError } from "./shape.ts";

/** The result of decoding: coerced rows that are not cleaned yet, and rejections of content that is not a row. */
export interface Decoded {
  batch: Batch;
  rejections: Rejection[];
}

/** An `Origin` whose source may be undefined. The shape of the body then determines it: opensky, readsb or adsblol. */
export interface BodyOrigin extends Omit<Origin, "source"> {
  source: string | undefined;
}

export const newDecoded = (capacity = 1024): Decoded => ({ batch: newBatch(capacity), rejections: [] });

/** The number of rows received so far: decoded and rejected. */
export const receivedRows = ({ batch, rejections }: Decoded): number => batch.rows + rejections.length;

/** Adds a raw row, or its rejection as `not_an_object`. A rejection contains `raw`. */
// oxlint-disable-next-line max-params -- called for every row: an object each time would cost more than the row
export function addOrReject(into: Decoded, row: unknown, origin: Origin, at: { ordinal: number; raw: unknown }): void {
  if (addRow(into.batch, row, origin, at.ordinal, at.raw)) return;
  addRejection(into, "not_an_object", origin, { ordinal: at.ordinal, content: { row: rowText(at.raw) } });
}

/** Adds a rejection by decoding, with the content that arrived. */
// oxlint-disable-next-line max-params -- called for every row: an object each time would cost more than the row
export function addRejection(
  into: Decoded,
  reason: string,
  origin: BodyOrigin,
  { ordinal, content }: Pick<Rejection, "ordinal" | "content">,
): void {
  const { delivery, received_at, source = DEFAULT_SOURCE } = origin;
  into.rejections.push({
    reason,
    field: null,
    source,
    delivery,
    ordinal,
    unit: into.batch.ordinal_unit,
    received_at,
    content,
  });
}

/** A rejection shows text as it is, so an element that is a string must become JSON text first. */
const jsonOf = (element: unknown): unknown => (typeof element === "string" ? JSON.stringify(element) : element);

/** Adds each row to the result of `into()`, which may be a different object for each row. */
export function batchRows(into: () => Decoded, origin: BodyOrigin): Rows {
  const originFrom = (source: string): Origin => ({ ...origin, source: origin.source ?? source });
  const records = originFrom(DEFAULT_SOURCE);
  return {
    value(value, line) {
      const shape = shapeOf(value);
      if ("wrong" in shape) {
        if (line === undefined) throw new WrongShapeError(shape.wrong);
        return addOrReject(into(), null, records, line);
      }
      if (line === undefined) into().batch.ordinal_unit = "element";
      const { elements, isOneRow, map } = shape;
      const shaped = originFrom(shape.source);
      for (let i = 0; i < elements.length; i++) {
        const element = elements[i];
        const row = map === undefined ? element : map(element);
        const raw = isOneRow && line !== undefined ? line.raw : jsonOf(row ?? element);
        addOrReject(into(), row, shaped, { ordinal: line?.ordinal ?? i + 1, raw });
      }
    },
    record: (row, ordinal) => addOrReject(into(), row, records, { ordinal, raw: row }),
    reject: (reason, { ordinal, bytes }) => addRejection(into(), reason, origin, { ordinal, content: { bytes } }),
  };
}
