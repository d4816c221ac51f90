import { rules } from "./rules.ts";
import { isStreamMapping, list, members, metricsOf, type Props, type Resource } from "./template.ts";

/** A template as CloudFormation gets it. */
export interface Template {
  Resources?: Record<string, Resource>;
}
export interface Violation {
  rule: string;
  resource: string;
}

/** What our own rules find in the templates of a deployment; a rule on several resources looks within one template. */
export const violations = (templates: readonly Template[]): Violation[] => [
  ...hiddenTooShort(templates),
  ...watchedInVain(templates),
  ...templates.flatMap(({ Resources = {} }) =>
    Object.entries(Resources).flatMap(([resource, { Type, Properties = {} }]) =>
      Object.entries(rules[Type] ?? {}).flatMap(([rule, isRight]) =>
        isRight(Properties, Resources, resource) ? [] : [{ rule, resource }],
      ),
    ),
  ),
];

const ofType = (templates: readonly Template[], type: string): Props[] =>
  templates.flatMap(({ Resources = {} }) =>
    Object.values(Resources).flatMap(({ Type, Properties = {} }) => (Type === type ? [Properties] : [])),
  );

/** A message that is shown again while its function still works is loaded twice; queue and function lie in two stacks. */
function hiddenTooShort(templates: readonly Template[]): Violation[] {
  const hidden = ofType(templates, "AWS::SQS::Queue").flatMap(({ RedrivePolicy, VisibilityTimeout }) =>
    RedrivePolicy === undefined ? [] : [Number(VisibilityTimeout)],
  );
  return templates.flatMap(({ Resources = {} }) =>
    Object.values(Resources).flatMap(({ Type, Properties = {} }) => {
      if (Type !== "AWS::Lambda::EventSourceMapping" || isStreamMapping(Properties)) return [];
      const resource = String(members(list(members(Properties["FunctionName"])["Fn::GetAtt"]).slice(0, 1))[0]);
      const timeout = Number(Resources[resource]?.Properties?.["Timeout"]);
      return hidden.every((seconds) => seconds >= timeout)
        ? []
        : [{ rule: "timeout beyond the queue's visibility", resource }];
    }),
  );
}

/** An alarm on a stream that the deployment does not have never fires; stream and alarm lie in two stacks. */
function watchedInVain(templates: readonly Template[]): Violation[] {
  const streams = ofType(templates, "AWS::Kinesis::Stream").map(({ Name }) => Name);
  return templates.flatMap(({ Resources = {} }) =>
    Object.entries(Resources).flatMap(([resource, { Type, Properties = {} }]) => {
      if (Type !== "AWS::CloudWatch::Alarm") return [];
      const named = metricsOf(Properties).flatMap(({ Dimensions }) => list(Dimensions).map(members));
      const isRight = named.every(({ Name, Value }) => Name !== "StreamName" || streams.includes(Value));
      return isRight ? [] : [{ rule: "alarm on a stream that is not there", resource }];
    }),
  );
}
