import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { makeCertificate } from "../certificate.ts";

const MINISTACK = "1.5.33";
const CFN_LINT = "1.58.0";
/** MiniStack runs functions with the `node` of its PATH. The deployed functions use Node 24. */
const NODE = "24.21.0";

const root = path.resolve(".tools");
const bin = (name: string): string => path.join(root, "venv", "bin", name);
const nodePackage = `node-${process.platform}-${process.arch}`;

/** The tools of the AWS tests, in .tools/ at the root of the repository. */
export const tools = {
  ministack: bin("ministack"),
  cfnLint: bin("cfn-lint"),
  node24: path.join(root, "node_modules", nodePackage, "bin", "node"),
};

/** The emulator's TLS certificate. Processes trust it through NODE_EXTRA_CA_CERTS, which Node reads at its start. */
export const certificate = { key: path.join(root, "key.pem"), cert: path.join(root, "cert.pem") };

export const areInstalled = (): boolean =>
  [...Object.values(tools), ...Object.values(certificate)].every((file) => existsSync(file));

/** Installs the missing tools. Requires Python 3.9 or later, and access to PyPI and npm. */
export function installTools(): void {
  const run = (command: string, args: string[]) =>
    execFileSync(command, args, { stdio: ["ignore", "inherit", "inherit"] });
  mkdirSync(root, { recursive: true });
  if (!existsSync(tools.ministack) || !existsSync(tools.cfnLint)) {
    run("python3", ["-m", "venv", path.join(root, "venv")]);
    run(bin("pip"), ["install", "--quiet", `ministack==${MINISTACK}`, `cfn-lint==${CFN_LINT}`]);
  }
  if (!existsSync(tools.node24))
    run("npm", ["install", "--silent", "--no-save", "--prefix", root, `${nodePackage}@${NODE}`]);
  if (!existsSync(certificate.cert)) makeCertificate(certificate);
}
