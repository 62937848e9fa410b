// A small real website to scan without the network: this repository's own documentation, its Markdown files rendered
// to HTML at start and served on loopback. Nothing in it was made for the scan; what the scan finds is there.

import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { listenOnLoopback } from "../../loopback.js";
import { renderPage } from "./markdown-page.js";

export interface DocumentationSite {
  /** `http://127.0.0.1:port/`. */
  url: string;
  /** `127.0.0.1:port`, which a fetcher has to trust by name. */
  origin: string;
  close: () => Promise<void>;
}

/**
 * Serves the documentation on loopback, at `port` when it is free, so that the address of a scan that was interrupted
 * is still good the next time.
 */
export async function serveDocumentation(port = 0): Promise<DocumentationSite> {
  const pages = await renderDocumentation();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://127.0.0.1");
    const html = pages.get(pathname);
    response.setHeader("content-type", html === undefined ? "text/plain" : "text/html; charset=utf-8");
    response.writeHead(html === undefined ? 404 : 200).end(html ?? "There is no such page.\n");
  });
  const { port: taken, close } = await listenOnLoopback(server, port);
  const origin = `127.0.0.1:${taken}`;
  return { url: `http://${origin}/`, origin, close };
}

/** The pages by path: README.md is the start page; docs/, the examples, CONTRIBUTING.md and CHANGELOG.md are the others. */
export async function renderDocumentation(): Promise<Map<string, string>> {
  const root = repository();
  const docs = (await readdir(join(root, "docs"))).filter((name) => name.endsWith(".md")).sort();
  const examples = (await readdir(join(root, "examples"))).map((name) => `examples/${name}/README.md`).sort();
  const files = [
    "README.md",
    ...docs.map((name) => `docs/${name}`),
    ...examples.filter((file) => existsSync(join(root, file))),
    "CONTRIBUTING.md",
    "CHANGELOG.md",
  ];
  const sources = await Promise.all(
    files.map(async (file) => withoutFrontMatter(await readFile(join(root, file), "utf8"))),
  );
  const paths = new Map(files.map((file) => [file, file === "README.md" ? "/" : `/${htmlName(file)}`]));
  const menu = [...paths].map(([file, path]) => ({ path, title: titleOf(sources[files.indexOf(file)] ?? "", file) }));
  return new Map(
    files.map((file, index) => [
      paths.get(file) ?? "",
      renderPage({ file, source: sources[index] ?? "", paths, menu }),
    ]),
  );
}

/** The text of a Markdown file without the fields that some tools keep between two lines of dashes at its start. */
function withoutFrontMatter(text: string): string {
  return text.replace(/^---\n.*?\n---\n/s, "");
}

function htmlName(file: string): string {
  return file.replace(/\.md$/, ".html").toLowerCase();
}

function titleOf(source: string, file: string): string {
  return /^# (?<title>.+)$/m.exec(source)?.groups?.["title"] ?? file;
}

/** The folder with this repository's files, also when the compiled example runs from a build folder. */
function repository(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  const isRoot = (): boolean => existsSync(join(folder, "docs")) && existsSync(join(folder, "README.md"));
  while (!isRoot() && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}
