import { handleApi } from "../../flow/api.ts";
import type { ProxyEvent, ProxyResult } from "../../flow/http.ts";
import { lambdaWorld } from "../lambda-world.ts";
import { logError } from "../metrics.ts";

const { objects, database, counter } = lambdaWorld(process.env);

/** Every resource of the REST API. The bucket notifies the queue, so none is filled here. */
export const handler = (event: ProxyEvent): Promise<ProxyResult> =>
  handleApi(
    {
      objects,
      database,
      flows: () => counter.count(),
      now_s: () => Date.now() / 1000,
      onError: (error) => logError("a request failed", error),
    },
    event,
  );
