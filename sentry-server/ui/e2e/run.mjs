// npm run e2e -- --base-url http://127.0.0.1:8700 --user admin --password SECRET [--shots FOLDER]
//
// Opens the pages of a running server in headless Chromium. The same can be said by WATCHPOST_URL,
// WATCHPOST_USER (or WATCHPOST_EMAIL), WATCHPOST_PASSWORD, WATCHPOST_SHOTS and CHROMIUM. The tests send
// their own events to a new project of their own; what else it holds does not matter.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: { "base-url": { type: "string" }, user: { type: "string" }, password: { type: "string" }, shots: { type: "string" } },
});
const { WATCHPOST_USER, WATCHPOST_EMAIL, ...inherited } = process.env;
const env = {
  ...inherited,
  WATCHPOST_URL: values["base-url"] ?? process.env.WATCHPOST_URL,
  WATCHPOST_USER: values.user ?? WATCHPOST_USER ?? WATCHPOST_EMAIL,
  WATCHPOST_PASSWORD: values.password ?? process.env.WATCHPOST_PASSWORD,
  WATCHPOST_SHOTS: values.shots ?? process.env.WATCHPOST_SHOTS ?? fileURLToPath(new URL("shots", import.meta.url)),
};
for (const [name, flag] of [["WATCHPOST_URL", "--base-url"], ["WATCHPOST_USER", "--user"], ["WATCHPOST_PASSWORD", "--password"]]) {
  if (!env[name]) {
    console.error(`e2e: ${flag} (or ${name}) is missing. Example: npm run e2e -- --base-url http://127.0.0.1:8700 --user admin --password SECRET`);
    process.exit(2);
  }
}
const vitest = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));
const config = fileURLToPath(new URL("vitest.config.ts", import.meta.url));
const run = spawnSync(process.execPath, [vitest, "run", "--config", config], { stdio: "inherit", env });
process.exit(run.status ?? 1);
