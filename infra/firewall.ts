import { Stack } from "aws-cdk-lib";
import type { RestApi } from "aws-cdk-lib/aws-apigateway";
import { CfnWebACL, CfnWebACLAssociation } from "aws-cdk-lib/aws-wafv2";

/** Requests of one IP address in five minutes, ten a second. The firewall refuses more before they invoke a function. */
const MAX_REQUESTS = 3_000;

/**
 * A firewall for the API: a rate limit for each IP address, and AWS's IP reputation list. AWS's managed rules on bodies are
 * left out, because they refuse bodies above 8 KiB and flight data are larger.
 */
export function firewall(stack: Stack, name: string, api: RestApi): void {
  const visibility = (metricName: string) => ({
    cloudWatchMetricsEnabled: true,
    sampledRequestsEnabled: false,
    metricName,
  });
  const acl = new CfnWebACL(stack, "Firewall", {
    name,
    scope: "REGIONAL",
    defaultAction: { allow: {} },
    visibilityConfig: visibility(name),
    rules: [
      {
        name: "rate",
        priority: 0,
        action: { block: { customResponse: { responseCode: 429 } } },
        statement: { rateBasedStatement: { aggregateKeyType: "IP", limit: MAX_REQUESTS } },
        visibilityConfig: visibility(`${name}-rate`),
      },
      {
        name: "reputation",
        priority: 1,
        overrideAction: { none: {} },
        statement: {
          managedRuleGroupStatement: { vendorName: "AWS", name: "AWSManagedRulesAmazonIpReputationList" },
        },
        visibilityConfig: visibility(`${name}-reputation`),
      },
    ],
  });
  new CfnWebACLAssociation(stack, "FirewallOfApi", {
    resourceArn: api.deploymentStage.stageArn,
    webAclArn: acl.attrArn,
  });
}
