import { DEFAULT_SOURCE } from "../flight/identifiers.ts";
import { newBatch, type Batch } from "../flight/batch.ts";
import { addRow, type Origin } from "../flight/fill.ts";
import { rowText, type Rejection } from "../flight/rejection.ts";
import type { Rows } from "./rows.ts";
import { shapeOf, WrongShapeError } from "./shape.ts";

/** What decoding fills: coerced rows, and what was rejected before it could become a row. */
export interface Decoded {
  batch: Batch;
  rejections: Rejection[];
}

/** As `Origin`, but a source that is not given follows the shape: opensky, readsb or adsblol. */
export interface BodyOrigin extends Omit<Origin, "source"> {
  source: string | undefined;
}

export const newDecoded = (capacity = 1024): Decoded => ({ batch: newBatch(capacity), rejections: [] });

/** Rows and rejections so far: what was received. */
export const receivedRows = ({ batch, rejections }: Decoded): number => batch.rows + rejections.length;

/** Adds a raw row, or its rejection as `not_an_object`. `raw` is what a rejection shows. */
// oxlint-disable-next-line max-params -- called for every row: an object each time would cost more than the row
export function addOrReject(into: Decoded, row: unknown, origin: Origin, at: { ordinal: number; raw: unknown }): void {
  if (addRow(into.batch, row, origin, at.ordinal, at.raw)) return;
  addRejection(into, "not_an_object", origin, { ordinal: at.ordinal, content: { row: rowText(at.raw) } });
}

/** Records a rejection of decoding with what arrived. */
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

/** What a rejection shows as it stands is JSON text: an element that is text is not that yet. */
const jsonOf = (element: unknown): unknown => (typeof element === "string" ? JSON.stringify(element) : element);

/** Fills what `into` answers: the batch may be another one each time a row comes. */
export function batchRows(into: () => Decoded, origin: BodyOrigin): Rows {
  const of = (source: string): Origin => ({ ...origin, source: origin.source ?? source });
  const records = of(DEFAULT_SOURCE);
  return {
    value(value, line) {
      const shape = shapeOf(value);
      if ("wrong" in shape) {
        if (line === undefined) throw new WrongShapeError(shape.wrong);
        return addOrReject(into(), null, records, line);
      }
      if (line === undefined) into().batch.ordinal_unit = "element";
      const { elements, isOneRow, map } = shape;
      const shaped = of(shape.source);
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
