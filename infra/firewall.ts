import { Stack } from "aws-cdk-lib";
import type { RestApi } from "aws-cdk-lib/aws-apigateway";
import { CfnWebACL, CfnWebACLAssociation } from "aws-cdk-lib/aws-wafv2";

/** Requests of one address in five minutes, ten a second: more is refused before it costs a function. */
const MAX_REQUESTS = 3_000;

/**
 * A firewall before the API. Amazon's rules on bodies are left out: they refuse bodies beyond 8 KiB, and flight data are
 * larger.
 */
export function firewall(stack: Stack, name: string, api: RestApi): void {
  const seen = (metricName: string) => ({ cloudWatchMetricsEnabled: true, sampledRequestsEnabled: false, metricName });
  const acl = new CfnWebACL(stack, "Firewall", {
    name,
    scope: "REGIONAL",
    defaultAction: { allow: {} },
    visibilityConfig: seen(name),
    rules: [
      {
        name: "rate",
        priority: 0,
        action: { block: { customResponse: { responseCode: 429 } } },
        statement: { rateBasedStatement: { aggregateKeyType: "IP", limit: MAX_REQUESTS } },
        visibilityConfig: seen(`${name}-rate`),
      },
      {
        name: "reputation",
        priority: 1,
        overrideAction: { none: {} },
        statement: {
          managedRuleGroupStatement: { vendorName: "AWS", name: "AWSManagedRulesAmazonIpReputationList" },
        },
        visibilityConfig: seen(`${name}-reputation`),
      },
    ],
  });
  new CfnWebACLAssociation(stack, "FirewallOfApi", {
    resourceArn: api.deploymentStage.stageArn,
    webAclArn: acl.attrArn,
  });
}
