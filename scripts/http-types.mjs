// Writes src/http/connection/types.ts, the types of the typed client, from the OpenAPI document of a server: one type for each named schema, and
// `Operations` with the parameters, body and answer of each operation. So there is one truth, the routes.
// `node scripts/http-types.mjs [--check]` asks the built server; with --check it writes nothing, and exits 1 when the file says otherwise.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { giveUp, root, say } from "./setup.mjs";

/** Of JSON Schema what the document uses. @typedef {Record<string, any>} Schema */

const file = "src/http/connection/types.ts";
const path = join(root, file);
const text = formatted(typesOf(await documentOfServer()));
const there = existsSync(path) ? readFileSync(path, "utf8").replaceAll("\r\n", "\n") : "";
if (there === text) {
  say(`HTTP types: ${file} is as the routes are.`);
} else if (process.argv.includes("--check")) {
  say(`HTTP types: ${file} is not as the routes are. Run \`npm run api\` and commit it with the routes.`);
  process.exitCode = 1;
} else {
  writeFileSync(path, text);
  say(`HTTP types: wrote ${file}.`);
}

async function documentOfServer() {
  const main = join(root, "dist/index.js");
  if (!existsSync(main)) giveUp("dist/ is not there: run `npm run build` first.");
  const { connect } = await import(pathToFileURL(main).href);
  const { createServer } = await import(pathToFileURL(join(root, "dist/server/index.js")).href);
  const longshore = await connect("memory:");
  try {
    const server = createServer(longshore, { open: true });
    const response = await server.fetch(new Request("http://localhost/api/openapi.json"));
    if (!response.ok) giveUp(`The server has no document: ${await response.text()}`);
    return await response.json();
  } finally {
    await longshore.close();
  }
}

/**
 * @param {Schema} document
 * @returns {string}
 */
function typesOf({ paths, components }) {
  const operations = Object.entries(paths).flatMap(([route, methods]) => {
    return Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${route}`,
      operation,
    }));
  });
  const given = requestSchemas(operations, components.schemas);
  const named = Object.entries(components.schemas).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `/**
 * What the API takes and answers. Made from the OpenAPI document by \`npm run api\`, and compared with it by \`npm run check:api\`: what
 * is to be changed here is changed in the routes.
 */

${named.map(([name, schema]) => declarationOf(name, schema, given.has(name))).join("\n\n")}

/** Every operation: its parameters, body and answer. */
export interface Operations {
${operations.map(operationType).join("\n")}
}
`;
}

/**
 * The named schemas that requests refer to: their times may be given as a \`Date\`, which JSON writes as the API reads it.
 * @param {{operation: Schema}[]} operations
 * @param {Record<string, Schema>} schemas
 */
function requestSchemas(operations, schemas) {
  /** @type {Set<string>} */
  const found = new Set();
  /** @param {unknown} value */
  const visit = (value) => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      const name = key === "$ref" ? nameOf(inner) : null;
      if (name === null) visit(inner);
      else if (!found.has(name)) {
        found.add(name);
        visit(schemas[name]);
      }
    }
  };
  for (const { operation } of operations) visit(operation.requestBody);
  return found;
}

/**
 * @param {string} name
 * @param {Schema} schema
 * @param {boolean} given Is it part of requests?
 */
function declarationOf(name, schema, given) {
  const comment = commentOf(schema.description);
  if (schema.properties !== undefined && schema.type === "object")
    return `${comment}export interface ${name} ${objectType(schema, given)}`;
  return `${comment}export type ${name} = ${typeOf(schema, given)};`;
}

/** @param {{name: string, operation: Schema}} operation */
function operationType({ name, operation }) {
  const { parameters = [], requestBody, responses } = operation;
  /** @param {string} place */
  const ofPlace = (place) => {
    const properties = parameters.filter((/** @type {Schema} */ parameter) => parameter.in === place);
    if (properties.length === 0) return "undefined";
    const lines = properties.map((/** @type {Schema} */ parameter) => {
      const { name, required, schema, description } = parameter;
      return propertyOf(name, { ...schema, description }, required === true, true);
    });
    return `{\n${lines.join("\n")}\n}`;
  };
  const body = requestBody?.content?.["application/json"]?.schema;
  const answers = Object.entries(responses)
    .filter(([status]) => status.startsWith("2"))
    .map(([, response]) => {
      if (response.content === undefined) return "undefined";
      return typeOf(response.content["application/json"]?.schema ?? {}, false);
    });
  return `${commentOf(operation.summary)}"${name}": {
  params: ${ofPlace("path")};
  query: ${ofPlace("query")};
  body: ${body === undefined ? "undefined" : typeOf(body, true)}${requestBody?.required === false ? " | undefined" : ""};
  answer: ${[...new Set(answers)].join(" | ") || "undefined"};
};`;
}

/**
 * @param {Schema} schema
 * @param {boolean} given
 * @returns {string}
 */
function typeOf(schema, given) {
  if (schema.$ref !== undefined) return nameOf(schema.$ref) ?? giveUp(`${schema.$ref} is no schema of the document`);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined)
    return unionOf(schema.enum.map((/** @type {unknown} */ value) => JSON.stringify(value)));
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined) return unionOf(alternatives.map((/** @type {Schema} */ one) => typeOf(one, given)));
  if (schema.allOf !== undefined) {
    // What only describes the others has no type.
    const parts = schema.allOf
      .map((/** @type {Schema} */ part) => typeOf(part, given))
      .filter((/** @type {string} */ part) => part !== "unknown");
    return parts.length === 1 ? parts[0] : `(${parts.join(" & ")})`;
  }
  if (Array.isArray(schema.type)) {
    return unionOf(schema.type.map((/** @type {string} */ type) => typeOf({ ...schema, type }, given)));
  }
  switch (schema.type) {
    case "string":
      return given && schema.format === "date-time" ? "string | Date" : "string";
    case "number":
    case "integer":
      return "number";
    case "boolean":
      return "boolean";
    case "null":
      return "null";
    case "array":
      return `readonly (${typeOf(schema.items ?? {}, given)})[]`;
    case "object":
      return objectType(schema, given);
    case undefined:
      return "unknown";
    default:
      return giveUp(`The document has a type that the client knows nothing of: ${JSON.stringify(schema)}`);
  }
}

/**
 * @param {Schema} schema
 * @param {boolean} given
 */
function objectType({ properties = {}, required = [], additionalProperties }, given) {
  const lines = Object.entries(properties).map(([name, schema]) =>
    propertyOf(name, schema, required.includes(name), given),
  );
  if (lines.length > 0) return `{\n${lines.join("\n")}\n}`;
  const values = typeof additionalProperties === "object" ? typeOf(additionalProperties, given) : "unknown";
  return `{ readonly [key: string]: ${values} }`;
}

/**
 * What a request leaves out may be written as undefined, too; in an answer it is absent.
 * @param {string} name
 * @param {Schema} schema
 * @param {boolean} required
 * @param {boolean} given
 */
function propertyOf(name, schema, required, given) {
  const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
  const type = typeOf(schema, given);
  const full = !required && given && type !== "unknown" ? `${type} | undefined` : type;
  return `${commentOf(schema.description)}readonly ${key}${required ? "" : "?"}: ${full};`;
}

/**
 * What another of them covers is left out.
 * @param {string[]} types
 */
function unionOf(types) {
  const all = new Set(types);
  return [...all].filter((type) => !(type.startsWith('"') && all.has("string"))).join(" | ");
}

/** @param {string} reference */
function nameOf(reference) {
  return /^#\/components\/schemas\/(\w+)$/.exec(reference)?.[1] ?? null;
}

/** @param {string | undefined} text */
function commentOf(text) {
  return text === undefined ? "" : `/** ${text.replaceAll("*/", "* /").replaceAll("\n", " ")} */\n`;
}

/** @param {string} code */
function formatted(code) {
  const formatter = join(root, "node_modules/.bin/oxfmt");
  const { status, stdout, stderr } = spawnSync(formatter, ["--stdin-filepath", path], {
    cwd: root,
    input: code,
    encoding: "utf8",
  });
  return status === 0 ? stdout : giveUp(`oxfmt refuses the types: ${stderr}`);
}
