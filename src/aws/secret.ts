import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";

/** The JSON that a secret holds. */
export async function readSecret(arn: string): Promise<unknown> {
  const { SecretString = "" } = await new SecretsManagerClient({}).send(new GetSecretValueCommand({ SecretId: arn }));
  return JSON.parse(SecretString);
}
