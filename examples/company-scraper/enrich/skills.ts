// Skills by the names that postings give them. A name that is also a usual word counts in its own spelling only, and not
// where a sentence begins.

/** Skills, each with further names after its usual one. A name with `=` is also a usual word. */
const catalogue = `
  TypeScript, TS; JavaScript, JS, ECMAScript; Python; Java; Kotlin; Scala; C#; C++; =C; =Go, Golang; =Rust; Ruby; PHP; =R
  =Swift; Bash, shell scripts; SQL; HTML; CSS
  Node.js, NodeJS, =Node; =React, React.js, ReactJS; =Vue, Vue.js; =Angular; Next.js; GraphQL; =REST, REST APIs, REST API; gRPC
  PostgreSQL, Postgres; MySQL; SQLite; MongoDB; Redis; Elasticsearch; Kafka; RabbitMQ; Snowflake; BigQuery
  Docker; Kubernetes, k8s; Terraform; Ansible; Linux; AWS, Amazon Web Services; Azure; Google Cloud, GCP
  Jenkins; GitHub Actions; CI/CD, =CI; Prometheus; Grafana
  TLS; OWASP; ISO 27001; threat modelling, threat modeling; penetration testing, pentesting
  Airflow; dbt; =Spark; PyTorch; TensorFlow; scikit-learn; MLflow; machine learning; computer vision; statistics; time series
  Android; iOS; RTOS; CAN bus; LoRaWAN; firmware; microcontrollers; PLC programming, PLC, PLCs
  Playwright; Cypress; Selenium; Figma; accessibility; user research; design systems
  =Excel; =Looker; Tableau; Power BI; SAP; DATEV; IFRS; Salesforce; HubSpot; Zendesk; =Intercom; Jira; SEO; Google Analytics
  SolidWorks; CATIA; ANSYS; MATLAB; AutoCAD; finite elements, FEM; photovoltaics, solar panels, PV
  HPLC; GMP; mass spectrometry, mass spectrometers; HACCP; palliative care; geriatric care, geriatrics, geriatric
  employment law; recruiting; applicant tracking; forklift licence, forklift license; driving licence C+E, class C+E
  English; German; Dutch; French; Spanish
`;

const names: readonly { skill: string; pattern: RegExp }[] = catalogue
  .split(/[;\n]/)
  .map((entry) => entry.split(",").map((name) => name.trim()))
  .flatMap((entry) => {
    const skill = (entry[0] ?? "").replace("=", "");
    return entry.filter((name) => name !== "").map((name) => ({ skill, pattern: patternOf(name) }));
  });

/** The skills that `text` names, in the order of the catalogue. */
export function skillsIn(text: string): string[] {
  return [...new Set(names.filter(({ pattern }) => pattern.test(text)).map(({ skill }) => skill))];
}

function patternOf(entry: string): RegExp {
  const name = entry.replace("=", "");
  const escaped = name.replace(/[.+*?^$()[\]{}|\\/]/g, String.raw`\$&`).replace(/ /g, String.raw`\s+`);
  // C is neither C++ nor C#, nor the licence C+E; R is not R&D.
  const word = String.raw`(?<![\p{L}\p{N}.#+])${escaped}(?![\p{L}\p{N}#&]|\+)`;
  if (name === entry) return new RegExp(word, "iu");
  return new RegExp(String.raw`(?<=[^\s.!?:]\s+|[(/])${word}`, "u");
}
