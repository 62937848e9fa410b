// Skills by the names that postings give them. A name that is also a usual word counts in its own spelling only, and not
// where a sentence begins.

/** Skills, each with further names after its usual one. */
const catalogue = `
  TypeScript, TS; JavaScript, JS, ECMAScript; Python; Java; Kotlin; Scala; C#; C++; Rust; Ruby; PHP; Swift; Bash, shell scripts; SQL; HTML; CSS
  Node.js, NodeJS, Node; React, React.js, ReactJS; Vue, Vue.js; Angular; Next.js; GraphQL; REST, REST APIs, REST API; gRPC
  PostgreSQL, Postgres; MySQL; SQLite; MongoDB; Redis; Elasticsearch; Kafka; RabbitMQ; Snowflake; BigQuery
  Docker; Kubernetes, k8s; Terraform; Ansible; Linux; AWS, Amazon Web Services; Azure; Google Cloud, GCP; Jenkins; GitHub Actions; CI/CD, CI
  Prometheus; Grafana; TLS; OWASP; ISO 27001; threat modelling, threat modeling; penetration testing, pentesting
  Airflow; dbt; Spark; PyTorch; TensorFlow; scikit-learn; MLflow; machine learning; computer vision; statistics; time series
  Android; iOS; RTOS; CAN bus, CAN; LoRaWAN; firmware; microcontrollers; PLC programming, PLC, PLCs
  Playwright; Cypress; Selenium; Figma; accessibility; user research; design systems
  Tableau; Power BI; SAP; DATEV; IFRS; Salesforce; HubSpot; Zendesk; Intercom; Jira; SEO; Google Analytics
  SolidWorks; CATIA; ANSYS; MATLAB; AutoCAD; finite elements, FEM; photovoltaics, solar panels, PV
  HPLC; GMP; mass spectrometry, mass spectrometers; HACCP; palliative care; geriatric care, geriatrics, geriatric
  employment law; recruiting; forklift licence, forklift license; driving licence C+E, class C+E; applicant tracking
  English; German; Dutch; French; Spanish
`;

/** Names that are usual words or single letters otherwise. */
const exactCatalogue = `Go, Golang; R; C; Excel; Looker; Swift; Spark; Node; Rust; React; CAN; REST; Vue`;

interface Name {
  skill: string;
  pattern: RegExp;
}

const exactNames = new Set(parse(exactCatalogue).flat());
const names: readonly Name[] = [
  ...parse(catalogue),
  ...parse(exactCatalogue).filter(([skill = ""]) => !catalogue.includes(skill)),
].flatMap(([skill = "", ...others]) => [skill, ...others].map((name): Name => ({ skill, pattern: patternOf(name) })));

/** The skills that `text` names, in the order of the catalogue. */
export function skillsIn(text: string): string[] {
  return [...new Set(names.filter(({ pattern }) => pattern.test(text)).map(({ skill }) => skill))];
}

function parse(list: string): string[][] {
  return list
    .split(/[;\n]/)
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((line) => line.split(",").map((name) => name.trim()));
}

function patternOf(name: string): RegExp {
  const escaped = name.replace(/[.+*?^$()[\]{}|\\/]/g, String.raw`\$&`).replace(/ /g, String.raw`\s+`);
  // C is neither C++ nor C#, nor the licence C+E; R is not R&D.
  const word = String.raw`(?<![\p{L}\p{N}.#+])${escaped}(?![\p{L}\p{N}#&]|\+)`;
  if (!exactNames.has(name)) return new RegExp(word, "iu");
  return new RegExp(String.raw`(?<=[^\s.!?:]\s+|[(/])${word}`, "u");
}
