import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

/** Creates `cert.pem` and `key.pem` in `folder`: a self-signed certificate for 127.0.0.1 with the subject `name`. */
export function makeCertificate(folder: string, name: string): void {
  mkdirSync(folder, { recursive: true });
  const request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2".split(" ");
  const subject = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1"];
  const files = ["-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem")];
  execFileSync("openssl", [...request, ...subject, ...files], { stdio: "pipe" });
}
