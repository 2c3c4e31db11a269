// Reads manifests from standard input, checks each against its kind's schema (types, what is required, formats, the words of enumerations; not unknown
// fields), prints a line for each fault, and exits with 1 where there is one. Install its packages with `npm ci` in this folder.
import { readFileSync } from "node:fs";
import { parseAllDocuments } from "yaml";

const packages = [
  [/^gateway\.networking\.k8s\.io\//, "@kubernetes-models/gateway-api/"],
  [/^monitoring\.coreos\.com\//, "@kubernetes-models/prometheus-operator/"],
  [/./, "kubernetes-models/"],
];

let faults = 0;
let documents = 0;
for (const document of parseAllDocuments(readFileSync(0, "utf8"), { version: "1.1" })) {
  const manifest = document.toJS();
  if (manifest === null) {
    continue;
  }

  documents++;
  const { apiVersion, kind } = manifest;
  const name = `${kind} ${manifest.metadata?.name}`;
  const tell = (reason) => {
    faults++;
    console.log(`${name}: ${reason}`);
  };

  document.errors.forEach((error) => tell(error.message));
  // Groups have folders of their own; one that ends in .k8s.io stands there whole.
  const from = packages.find(([group]) => group.test(apiVersion))[1];
  let model;
  try {
    model = (await import(`${from}${apiVersion}/${kind}`))[kind];
  } catch (error) {
    tell(`no schema of ${apiVersion} ${kind} is known: ${error.message}`);
    continue;
  }

  try {
    new model(manifest).validate();
  } catch (error) {
    (error.errors ?? [error]).forEach((fault) => tell(`${fault.instancePath ?? ""} ${fault.message}`));
  }
}

if (documents === 0) {
  faults++;
  console.log("There are no manifests on standard input.");
}

console.log(`${documents} manifests, ${faults} faults`);
process.exitCode = faults === 0 ? 0 : 1;
