import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { door } from "./door.mjs";
import { serve } from "./site.mjs";

// Visits the shop as a person does, and writes down what its pages sent: `{visits: {name: {items, statuses, ..}}}`.

const NAMES = ["dist", "dsn", "release", "environment", "browser", "report"];
const options = Object.fromEntries(NAMES.map((name) => [name, { type: "string" }]));
const { dist, dsn, release, environment, browser: executablePath, report } = parseArgs({ options }).values;

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const LIMIT = 30_000;

let seen;
const server = await door(dsn, () => seen);
const site = await serve(dist, { dsn: server.dsn, release, environment });
const browser = await chromium.launch({ executablePath, args: FLAGS });
try {
  const visits = {
    cart: await visit("/cart", cart),
    catalogue: await visit("/catalogue", catalogue),
    proxied: await visit("/proxied", proxied),
  };
  await writeFile(report, JSON.stringify({ site: site.url, tunnelled: site.tunnelled(), visits }));
} finally {
  await browser.close();
  site.close();
  server.close();
}

/** One page from its load to its end, with everything that it posted. */
async function visit(path, act) {
  seen = { items: [], statuses: [], preflights: 0, errors: [] };
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(LIMIT);
  page.on("pageerror", (error) => seen.errors.push(`${error}`));
  await page.goto(site.url + path);
  await act(page);
  seen.replay = await page.evaluate(() => window.finish());
  // Whoever leaves a page makes it send what it still has.
  await page.goto("about:blank");
  await settled();
  await context.close();
  return seen;
}

async function cart(page) {
  await until(() => sent("session", () => true), "the session");
  // The span of a page's load ends when nothing has happened for a second.
  await until(() => segment("pageload"), "the pageload");
  await page.click("#reserve");
  await until(() => seen.errors.length === 1, "the rejection");
  await page.click("#charge");
  await page.click("#pay");
  await until(() => seen.errors.length === 2, "the error");
  await page.click("#checkout");
  await until(() => segment("navigation"), "the navigation");
  await page.getByRole("button", { name: "Report a Bug" }).click();
  await page.getByLabel("Name").fill("Ada");
  await page.getByLabel("Email").fill("ada@shop.test");
  await page.getByLabel("Description").fill("I cannot pay for my cup.");
  await page.getByRole("button", { name: "Send Bug Report" }).click();
  await until(() => sent("feedback", () => true), "the feedback");
}

async function catalogue(page) {
  await until(() => transaction("pageload"), "the pageload");
  await page.click("#good");
  await page.waitForSelector("#price");
  await until(() => transaction("navigation"), "the navigation");
  await page.click("#buy");
  await until(() => seen.errors.length === 1, "the error of the handler");
  await page.goBack();
  await page.click("#bad");
  await page.waitForSelector("#fallback");
  await until(() => sent("event", ({ exception }) => exception.values.some(({ mechanism }) => mechanism?.type === "auto.function.react.error_boundary")), "the error of the boundary");
  await until(() => seen.items.filter(({ type }) => type === "transaction").length === 4, "the way back and the way there");
}

async function proxied(page) {
  await page.click("#charge");
  await until(() => sent("event", () => true), "the event");
  await page.evaluate(() => window.tell("But my card is good."));
  await until(() => sent("feedback", () => true), "the feedback");
}

function sent(type, test) {
  return seen.items.some((item) => item.type === type && test(item.payload));
}

/** A streamed span that begins a page or a route. */
function segment(op) {
  return sent("span", ({ items }) => items.some(({ is_segment, attributes }) => is_segment && attributes["sentry.op"]?.value === op));
}

function transaction(op) {
  return sent("transaction", ({ contexts }) => contexts.trace.op === op);
}

/** Waits until nothing more comes. */
async function settled() {
  for (let known = -1; known < seen.statuses.length; ) {
    known = seen.statuses.length;
    await new Promise((done) => setTimeout(done, 1_000));
  }
}

/** Waits for a condition, for half a minute at most. */
async function until(test, what) {
  for (let round = 0; round < LIMIT / 50; round += 1) {
    if (test()) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`${what} did not come within ${LIMIT / 1_000} s`);
}
