import type { FlowReport } from "../flow/ledger/reconcile.ts";
import { dataOption, FAILED, flag, OK, type Command } from "./command.ts";
import { withAdapters } from "./open.ts";
import { counts, many } from "./progress.ts";

export const flows: Command = {
  name: "flows",
  summary: "count the rows of both flows at intake and in the stores, and compare the counts",
  help: `flows [options]

  --data DIR   Data folder. Default: .flightline
  --json       Prints {"flows":[...]}, the answer of GET /v1/flows.
  --verify     Counts the stored rows also if that reads whole tables, as on DynamoDB.

  Checks two equations for each flow, and exits with code 1 if one of them is not true:
    received = accepted + duplicate + rejected + pending
    stored = accepted - expired

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

function describe(report: FlowReport): string {
  const { received, accepted, duplicate, rejected, pending, expired, repeats } = report;
  const stored = report.stored === null ? "(not counted)" : many(report.stored);
  const verdict = report.balanced ? "both equations hold" : `OUT OF BALANCE: ${imbalance(report)}`;
  return `${report.flow}
  received  ${many(received)} = accepted ${many(accepted)} + duplicate ${many(duplicate)} + rejected ${many(rejected)} + pending ${many(pending)}
  stored    ${stored} = accepted ${many(accepted)} - expired ${many(expired)}
  repeats   ${many(repeats)}
  rejected  ${counts(report.reasons)}
${report.others.map(describeOther).join("")}  ${verdict}
`;
}

/** The counts of a further database. It has a ledger of its own, which may be one batch behind the first. */
const describeOther = ({ accepted, duplicate, rejected, repeats }: FlowReport["others"][number]): string =>
  `  another   accepted ${many(accepted)}, duplicate ${many(duplicate)}, rejected ${many(rejected)}, repeats ${many(repeats)}\n`;

function imbalance({ missing, surplus, unbalanced, ledger_drift }: FlowReport): string {
  const parts = [
    missing === 0 ? "" : `${many(missing)} received rows that are not in any other count`,
    ledger_drift === 0
      ? ""
      : `${many(ledger_drift)} rows in the ledger of the first database that are not in another's`,
    surplus === 0 || surplus === null ? "" : `${many(surplus)} stored rows that are not in the ledger`,
    ...unbalanced.map(
      ({ batch_id, expected, stored }) => `batch ${batch_id} has ${stored} stored rows, expected ${expected}`,
    ),
  ];
  return parts.filter((part) => part !== "").join("; ");
}
