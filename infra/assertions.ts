import { rules } from "./rules.ts";
import { asList, asObject, isStreamMapping, metricsOf, type Props, type Resource } from "./template.ts";

/** A template as CloudFormation receives it. */
export interface Template {
  Resources?: Record<string, Resource>;
}
export interface Violation {
  rule: string;
  resource: string;
}

/** The violations of the project's own rules in a deployment's templates. The rules of `rules.ts` see one template each. */
export const violations = (templates: readonly Template[]): Violation[] => [
  ...visibilityTooShort(templates),
  ...missingStreams(templates),
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

/**
 * Functions that can run longer than a queue hides their message. Such a message is delivered again while its function
 * still works, and is loaded twice. Queue and function are in two templates.
 */
function visibilityTooShort(templates: readonly Template[]): Violation[] {
  const visibility_s = ofType(templates, "AWS::SQS::Queue").flatMap(({ RedrivePolicy, VisibilityTimeout }) =>
    RedrivePolicy === undefined ? [] : [Number(VisibilityTimeout)],
  );
  return templates.flatMap(({ Resources = {} }) =>
    Object.values(Resources).flatMap(({ Type, Properties = {} }) => {
      if (Type !== "AWS::Lambda::EventSourceMapping" || isStreamMapping(Properties)) return [];
      const resource = String(asObject(asList(asObject(Properties["FunctionName"])["Fn::GetAtt"]).slice(0, 1))[0]);
      const timeout = Number(Resources[resource]?.Properties?.["Timeout"]);
      return visibility_s.every((seconds) => seconds >= timeout)
        ? []
        : [{ rule: "function timeout above the queue's visibility timeout", resource }];
    }),
  );
}

/** Alarms on a stream that the deployment does not have: they never fire. Stream and alarm are in two templates. */
function missingStreams(templates: readonly Template[]): Violation[] {
  const streams = ofType(templates, "AWS::Kinesis::Stream").map(({ Name }) => Name);
  return templates.flatMap(({ Resources = {} }) =>
    Object.entries(Resources).flatMap(([resource, { Type, Properties = {} }]) => {
      if (Type !== "AWS::CloudWatch::Alarm") return [];
      const values = metricsOf(Properties).flatMap(({ Dimensions }) => asList(Dimensions).map(asObject));
      const isRight = values.every(({ Name, Value }) => Name !== "StreamName" || streams.includes(Value));
      return isRight ? [] : [{ rule: "alarm on a missing stream", resource }];
    }),
  );
}
