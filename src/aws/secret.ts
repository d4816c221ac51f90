import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";

/** Reads a secret from Secrets Manager and parses it as JSON. */
export async function readSecret(arn: string): Promise<unknown> {
  const { SecretString = "" } = await new SecretsManagerClient({}).send(new GetSecretValueCommand({ SecretId: arn }));
  return JSON.parse(SecretString);
}
