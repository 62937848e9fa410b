// Which enricher the environment asks for.

import { z } from "zod";

import type { Enricher } from "./enrichment.js";
import { localAnalysis } from "./local-analysis.js";
import { modelEnricher } from "./model-endpoint.js";

/** The settings of a model are there in part, or wrong. */
export class ModelSettingsError extends Error {
  override readonly name = "ModelSettingsError";
}

/**
 * The model that `OPENAI_BASE_URL` and `OPENAI_MODEL` name, with `OPENAI_API_KEY` where it needs one; without the first two
 * the text analysis here. A key alone sends nothing anywhere.
 *
 * @throws {ModelSettingsError} when there is an address without a model or the other way round, or the address is none.
 */
export function chooseEnricher(env: Readonly<Record<string, string | undefined>>): Enricher {
  const baseUrl = env["OPENAI_BASE_URL"] || undefined;
  const model = env["OPENAI_MODEL"] || undefined;
  if (baseUrl === undefined && model === undefined) return localAnalysis;
  if (baseUrl === undefined || model === undefined) {
    const [given, missing] = baseUrl === undefined ? ["MODEL", "BASE_URL"] : ["BASE_URL", "MODEL"];
    throw new ModelSettingsError(`OPENAI_${given} is set and OPENAI_${missing} is not: set both for a model, or none`);
  }
  if (!z.url({ protocol: /^https?$/ }).safeParse(baseUrl).success) {
    throw new ModelSettingsError(`OPENAI_BASE_URL: ${JSON.stringify(baseUrl)} is no http or https URL`);
  }
  return modelEnricher({ baseUrl, model, apiKey: env["OPENAI_API_KEY"] || undefined });
}
