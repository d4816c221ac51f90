import type { FlowReport } from "../flow/ledger/reconcile.ts";
import { dataOption, FAILED, flag, OK, type Command } from "./command.ts";
import { counts, many } from "./progress.ts";
import { withAdapters } from "./open.ts";

export const flows: Command = {
  name: "flows",
  summary: "count both flows at the door and at the store, and whether they agree",
  help: `flows [--data DIR] [--json] [--verify]

  received = accepted + duplicate + rejected + pending, and stored = accepted - expired.
  Exit code 1 when an equation does not hold.

  --json     {"flows":[...]} as GET /v1/flows answers it
  --verify   counts the tables also where that reads all of them, as DynamoDB does

Examples:
  flightline flows
  flightline flows --json | jq '.flows[].balanced'`,
  options: { ...dataOption, json: { type: "boolean", default: false }, verify: { type: "boolean", default: false } },
  run: (args, io) =>
    withAdapters(args, io, async ({ counter }) => {
      const reports = await counter.count(flag(args, "verify"));
      io.out(flag(args, "json") ? `${JSON.stringify({ flows: reports })}\n` : reports.map(describe).join("\n"));
      return reports.every(({ balanced }) => balanced) ? OK : FAILED;
    }),
};

function describe(of: FlowReport): string {
  const stored = of.stored === null ? "not counted here" : many(of.stored);
  const verdict = of.balanced ? "both equations hold" : `OUT OF BALANCE: ${imbalance(of)}`;
  return `${of.flow}
  received  ${many(of.received)} = accepted ${many(of.accepted)} + duplicate ${many(of.duplicate)} + rejected ${many(of.rejected)} + pending ${many(of.pending)}
  stored    ${stored} = accepted ${many(of.accepted)} - expired ${many(of.expired)}
  repeats   ${many(of.repeats)}
  rejected  ${counts(of.reasons)}
${of.others.map(describeOther).join("")}  ${verdict}
`;
}

/** A database behind the first: each has its own ledger, and may be a batch behind. */
const describeOther = ({ accepted, duplicate, rejected, repeats }: FlowReport["others"][number]): string =>
  `  another   accepted ${many(accepted)}, duplicate ${many(duplicate)}, rejected ${many(rejected)}, repeats ${many(repeats)}\n`;

function imbalance({ missing, surplus, unbalanced, ledger_drift }: FlowReport): string {
  const parts = [
    missing === 0 ? "" : `${many(missing)} rows received that no count holds`,
    ledger_drift === 0 ? "" : `${many(ledger_drift)} rows in the first database's ledger and not in another's`,
    surplus === 0 || surplus === null ? "" : `${many(surplus)} rows stored beyond the ledger`,
    ...unbalanced.map(({ batch_id, expected, stored }) => `batch ${batch_id} has ${stored} rows of ${expected}`),
  ];
  return parts.filter((part) => part !== "").join("; ");
}
