import { Sha256 } from "@aws-crypto/sha256-js";
import { defaultProvider } from "@aws-sdk/credential-provider-node";
import { SignatureV4 } from "@smithy/signature-v4";

export interface SigningOptions {
  region: string;
  body: Uint8Array;
  headers: Record<string, string>;
}

/** The headers of a signed POST to API Gateway (Signature Version 4). The credentials come from AWS's default chain. */
export async function signedHeaders(
  url: URL,
  { region, body, headers }: SigningOptions,
): Promise<Record<string, string>> {
  const signer = new SignatureV4({ service: "execute-api", region, credentials: defaultProvider(), sha256: Sha256 });
  const signed = await signer.sign({
    method: "POST",
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: { ...headers, host: url.host },
    body,
  });
  const { host: _, ...rest } = signed.headers;
  return rest;
}
