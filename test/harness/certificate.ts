import { execFileSync } from "node:child_process";

/** Writes a key and a self-signed certificate for localhost. */
export function makeCertificate({ key, cert }: { key: string; cert: string }): void {
  const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", "/CN=localhost"];
  const names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", cert];
  execFileSync("openssl", [...request, ...names], { stdio: "ignore" });
}
