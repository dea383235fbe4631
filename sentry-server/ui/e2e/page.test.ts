import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { createProject, password, type Project, type Seeded, seed, shots, url, user } from "./server.ts";

// What a person sees, in a real browser, of a real server.

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const DESKTOP = { width: 1280, height: 860 };
const PHONE = { width: 375, height: 812 };

let browser: Browser;
let session: Awaited<ReturnType<BrowserContext["storageState"]>>;
let project: Project;
let seeded: Seeded;
let context: BrowserContext | undefined;
/** What the page complained about; nothing may. */
let complaints: string[] = [];

beforeAll(async () => {
  mkdirSync(shots, { recursive: true });
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
  const visitor = await browser.newContext();
  const response = await visitor.request.post(`${url}/api/0/auth/login/`, { data: { username: user, password }, headers: { "X-Watchpost-Request": "1" } });
  expect(response.status()).toBe(200);
  session = await visitor.storageState();
  await visitor.close();
  project = await createProject(session.cookies.map(({ name, value }) => `${name}=${value}`).join("; "));
});

afterAll(async () => {
  await browser?.close();
});

afterEach(async () => {
  await context?.close();
  context = undefined;
  expect(complaints).toEqual([]);
});

it("asks for a password, refuses a wrong one, and takes the right one", async () => {
  const page = await open("/", { login: false });
  await page.getByLabel("Username").fill(user);
  await page.getByLabel("Password").fill(`${password}-wrong`);
  await page.getByRole("button", { name: "Sign in" }).click();
  await visible(page.getByText("That username and password do not match."));
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await visible(page.getByRole("searchbox", { name: "Search issues" }));
  await page.getByRole("button", { name: "Sign out" }).click();
  await visible(page.getByRole("heading", { name: "Sign in to Watchpost" }));
  // The browser itself logs each 401 of this test, which is what the test is about.
  complaints = complaints.filter((one) => !one.includes("401"));
});

it("shows the DSN and a start in five languages while there is no event", async () => {
  const page = await open(`/issues?project=${project.id}`);
  await visible(page.getByRole("heading", { name: `Waiting for the first event of ${project.name}` }));
  await visible(page.locator(".dsn code", { hasText: project.dsn }));
  for (const [language, words] of Object.entries({ Rust: "watchpost::init", Python: "import watchpost", Node: 'require("watchpost")', Kotlin: "Watchpost.init", Swift: "WatchpostSDK.start" })) {
    await page.getByRole("tab", { name: language }).click();
    const panel = page.getByRole("tabpanel");
    await visible(panel.getByText(words).first());
    expect(await panel.textContent()).toContain(project.dsn);
  }
  await shot(page, "empty");
});

it("lists the first issue by itself, with title, count and users", async () => {
  const page = await open(`/issues?project=${project.id}`);
  await visible(page.getByRole("heading", { name: /Waiting for the first event/ }));
  seeded = await seed(project.dsn);
  const row = rowOf(page);
  await visible(row);
  await visible(row.locator(".row-events", { hasText: "3" }));
  await visible(row.locator(".row-users", { hasText: "2" }));
  expect(await row.locator(".row-title").textContent()).toContain(`PageTestError payment ${seeded.marker} failed`);
  await visible(row.getByText("error", { exact: true }));
  expect(await row.locator("svg.spark").getAttribute("aria-label")).toMatch(/^3 events in 24 hours/);
  expect(await row.locator("time").first().getAttribute("title")).toMatch(/\d{4}/);
  await page.goto(`${url}/issues`);
  await visible(rowOf(page));
  await shot(page, "list");
});

it("walks the list by keyboard and opens an issue", async () => {
  const page = await open("/issues");
  await visible(rowOf(page));
  for (let step = 0; step < 25; step += 1) {
    await page.keyboard.press("j");
    if ((await page.evaluate(() => document.activeElement?.textContent ?? "")).includes(seeded.marker)) break;
  }
  await page.keyboard.press("Enter");
  await visible(page.getByRole("heading", { level: 1, name: "PageTestError" }));
});

it("opens the in-app frames with source and variables, and folds the library's", async () => {
  const page = await openIssue();
  const frame = page.locator(".frame.in-app", { hasText: "charge" }).first();
  expect(await frame.locator(".frame-head").getAttribute("aria-expanded")).toBe("true");
  expect(await frame.locator("tr.at").textContent()).toContain("raise PageTestError(order.id) from e");
  expect(await frame.locator("tr.at .number").textContent()).toBe("46");
  await visible(frame.getByText(`<Order ${seeded.marker}>`));
  expect(await page.getByText("dispatch_request").count()).toBe(0);
  await page.getByRole("button", { name: "2 library frames" }).click();
  await visible(page.getByText("dispatch_request"));
  await visible(page.getByText("Caused by"));
  await visible(page.getByRole("heading", { name: /^ValueError/ }));
  await page.getByRole("button", { name: "Raw" }).click();
  await visible(page.getByText(/Traceback \(most recent call last\)/));
  await page.getByRole("button", { name: "App only" }).click();
  await shot(page, "issue");
});

it("shows breadcrumbs, tags, user, contexts, request and SDK", async () => {
  const page = await openIssue();
  await visible(page.locator(".crumb", { hasText: `cart of ${seeded.marker} <b>checked</b>` }));
  await visible(page.locator(".tag", { hasText: `tenant-${seeded.marker}` }));
  await visible(page.locator(".uniform div", { hasText: "tenant" }).getByText(`tenant-${seeded.marker}`));
  await visible(page.locator(".distribution", { hasText: "user" }).getByText("67%"));
  await visible(panel(page, "User").getByText("user0@example.com"));
  await visible(panel(page, "Contexts").getByText("1041"));
  await visible(panel(page, "Request").getByText("http://shop.example.com/checkout/7"));
  await visible(panel(page, "SDK and event").getByText("watchpost.python 0.1.0"));
});

it("steps through the events of an issue", async () => {
  const page = await openIssue();
  const [first, second, third] = seeded.events as [string, string, string];
  const shows = (id: string) => visible(panel(page, "SDK and event").getByText(id));
  await shows(third);
  await page.getByRole("link", { name: "Previous event" }).click();
  await shows(second);
  await page.getByRole("link", { name: "First event" }).click();
  await shows(first);
  await page.getByRole("link", { name: "Next event" }).click();
  await shows(second);
  await page.getByRole("link", { name: "Latest event" }).click();
  await shows(third);
  const href = await page.getByRole("link", { name: "JSON" }).getAttribute("href");
  const raw = await page.request.get(new URL(href!, url).href);
  expect(raw.status()).toBe(200);
  expect(await raw.text()).toContain(third);
});

it("runs no markup that an event carries", async () => {
  const page = await openIssue();
  await visible(page.getByText(`payment ${seeded.marker} failed <script>`).first());
  expect(await page.title()).not.toBe("owned");
});

it("resolves an issue and reopens it", async () => {
  const page = await openIssue();
  await page.getByRole("button", { name: "Resolve" }).click();
  await visible(page.locator(".issue-meta .status-resolved"));
  await page.goto(`${url}/issues?project=${project.id}`);
  await visible(page.getByRole("heading", { name: "All quiet" }));
  expect(await rowOf(page).count()).toBe(0);
  await page.getByRole("button", { name: "Resolved", exact: true }).click();
  const row = rowOf(page);
  await visible(row);
  await row.hover();
  await row.getByRole("button", { name: /^Reopen/ }).click();
  await row.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Unresolved", exact: true }).click();
  await visible(rowOf(page));
});

it("is dark where the system is, and where it is told to be", async () => {
  const page = await openIssue({ dark: true });
  expect(await lightness(page)).toBeLessThan(60);
  await shot(page, "dark");
  await page.getByRole("button", { name: "Use the light theme" }).click();
  expect(await lightness(page)).toBeGreaterThan(200);
  await page.reload();
  await visible(page.getByRole("heading", { level: 1, name: "PageTestError" }));
  expect(await lightness(page)).toBeGreaterThan(200);
});

it("fits a phone without scrolling sideways", async () => {
  const page = await open("/issues", { phone: true });
  await visible(rowOf(page));
  expect(await overflow(page)).toBe(0);
  await shot(page, "phone-list");
  await rowOf(page).locator("a").first().tap();
  await visible(page.locator("tr.at").first());
  expect(await overflow(page)).toBe(0);
  await shot(page, "phone-issue");
  for (const path of ["/projects", `/projects/${project.slug}`, "/settings"]) {
    await page.goto(url + path);
    await visible(page.getByRole("heading", { level: 1 }));
    expect(await overflow(page)).toBe(0);
  }
});

it("says what failed and tries again", async () => {
  const page = await open("/issues");
  await visible(rowOf(page));
  await page.route(/\/api\/0\/organizations\/[^/]+\/issues\/[^/?]+\/$/, (route) => route.fulfill({ status: 500, json: { detail: "the store is on fire" } }));
  await rowOf(page).locator("a").first().click();
  await visible(page.getByText("The issue did not load"));
  await visible(page.getByText("The store is on fire."));
  await page.unrouteAll();
  await page.getByRole("button", { name: "Try again" }).click();
  await visible(page.getByRole("heading", { level: 1, name: "PageTestError" }));
  complaints = complaints.filter((one) => !one.includes("500"));
});

interface Visit {
  login?: boolean;
  dark?: boolean;
  phone?: boolean;
  before?: (page: Page) => Promise<unknown>;
}

async function open(path: string, { login = true, dark = false, phone = false, before }: Visit = {}): Promise<Page> {
  context = await browser.newContext({ storageState: login ? session : undefined, viewport: phone ? PHONE : DESKTOP, colorScheme: dark ? "dark" : "light", isMobile: phone, hasTouch: phone, deviceScaleFactor: phone ? 2 : 1, locale: "en-GB" });
  context.setDefaultTimeout(20_000);
  complaints = [];
  const page = await context.newPage();
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await before?.(page);
  await page.goto(url + path);
  return page;
}

async function openIssue(visit?: Visit): Promise<Page> {
  const page = await open("/issues", visit);
  await rowOf(page).locator("a").first().click();
  await visible(page.getByRole("heading", { level: 1, name: "PageTestError" }));
  await visible(page.locator("tr.at").first());
  return page;
}

function rowOf(page: Page): Locator {
  return page.locator("li.row", { hasText: seeded.marker });
}

function panel(page: Page, title: string): Locator {
  return page.getByRole("region", { name: title, exact: true });
}

async function visible(locator: Locator): Promise<void> {
  await locator.waitFor({ state: "visible" });
}

/** Of the page's background, 0 to 255. */
async function lightness(page: Page): Promise<number> {
  const pixel = await page.evaluate(() => {
    const canvas = document.createElement("canvas").getContext("2d")!;
    canvas.fillStyle = getComputedStyle(document.body).backgroundColor;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  });
  return (pixel[0]! + pixel[1]! + pixel[2]!) / 3;
}

/** Pixels by which the page is wider than the window. */
async function overflow(page: Page): Promise<number> {
  return page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth));
}

async function shot(page: Page, name: string): Promise<void> {
  await page.evaluate(() => document.fonts.ready.then(() => undefined));
  await page.screenshot({ path: join(shots, `${name}.png`) });
}
