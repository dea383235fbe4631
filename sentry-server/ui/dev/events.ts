// Hand-written events in the API's shape, one for each kind of thing the issue page has to show.

const now = Date.now();
const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString();

const python = {
  platform: "python",
  culprit: "shop.views in do_checkout",
  user: { id: "42", email: "zoë@example.com", ip_address: "192.0.2.55" },
  release: { version: "shop@1.4.2+77" },
  tags: {
    environment: "production",
    release: "shop@1.4.2+77",
    tenant: "t-7",
    server_name: "app-1",
    transaction: "do_checkout",
    "handled": "no",
  },
  contexts: {
    runtime: { type: "runtime", name: "CPython", version: "3.11.2", build: "3.11.2 (main, Apr 28 2025, 14:11:48) [GCC 12.2.0]" },
    trace: { type: "trace", trace_id: "0bac269e06ec49edbd0358ee2d93b6b3", span_id: "b1eea64019c7ceb6" },
    order: { type: "default", currency: "EUR", order_id: 1041, lines: [{ sku: "sku-1", qty: 2 }] },
  },
  extra: { "sys.argv": ["app.py", "serve"] },
  sdk: { name: "watchpost.python", version: "0.1.0" },
  packages: { flask: "3.1.2", werkzeug: "3.1.9", watchpost: "0.1.0" },
  entries: [
    {
      type: "exception",
      data: {
        values: [
          {
            type: "ValueError",
            value: "invalid literal for int() with base 10: '12.90 €'",
            mechanism: { type: "flask", handled: false, exception_id: 1, parent_id: 0, source: "__cause__" },
            stacktrace: {
              frames: [
                frame("charge", "app.py", "/srv/app/app.py", 44, true, 40, ["def charge(order, card):", '    amount_text = "12,90 €"', "    totals = order.totals()", "    try:", "        return parse_amount(amount_text)", "    except ValueError as e:", '        raise PaymentError(order.id, "bad amount") from e'], {
                  order: "<Order 7 12 items>",
                  card: { number: "[Filtered]", holder: "'Zoë Ångström'" },
                  secret_token: "[Filtered]",
                  amount_text: "'12,90 €'",
                  totals: { net: "10.84", vat: "2.06", lines: [{ sku: "0", qty: "0" }, { sku: "1", qty: "0" }, { sku: "2", qty: "0" }, { sku: "3", qty: "0" }] },
                }),
                frame("parse_amount", "app.py", "/srv/app/app.py", 36, true, 34, ["def parse_amount(text):", '    cleaned = text.strip().replace(",", ".")', "    return int(cleaned)  # cents come later", "", "class PaymentError(Exception):"], { text: "'12,90 €'", cleaned: "'12.90 €'" }),
              ],
            },
          },
          {
            type: "PaymentError",
            value: "payment of order 7 failed: bad amount",
            module: "shop.errors",
            mechanism: { type: "flask", handled: false, exception_id: 0 },
            stacktrace: {
              frames: [
                frame("wsgi_app", "flask/app.py", "/srv/venv/lib/python3.11/site-packages/flask/app.py", 1511, false, 1509, ["            try:", "                ctx.push()", "                response = self.full_dispatch_request()", "            except Exception as e:"], { self: "<Flask 'shop'>" }, "flask.app"),
                frame("full_dispatch_request", "flask/app.py", "/srv/venv/lib/python3.11/site-packages/flask/app.py", 919, false, 919, ["            rv = self.handle_user_exception(e)"], undefined, "flask.app"),
                frame("dispatch_request", "flask/app.py", "/srv/venv/lib/python3.11/site-packages/flask/app.py", 902, false, 902, ["        return self.ensure_sync(self.view_functions[rule.endpoint])(**view_args)"], undefined, "flask.app"),
                frame("do_checkout", "app.py", "/srv/app/app.py", 91, true, 87, ['@app.route("/checkout/<int:oid>", methods=["POST"])', "def do_checkout(oid):", '    log.warning("checkout of %s", oid)', "    order = Order.load(oid)", "    return jsonify(charge(order, request.json[\"card\"]))", "", '@app.route("/health")'], { oid: 7, order: "<Order 7 12 items>" }),
                frame("charge", "app.py", "/srv/app/app.py", 46, true, 42, ["    totals = order.totals()", "    try:", "        return parse_amount(amount_text)", "    except ValueError as e:", '        raise PaymentError(order.id, "bad amount") from e', "", "def checkout(oid=1041):"], {
                  order: "<Order 7 12 items>",
                  amount_text: "'12,90 €'",
                  e: "ValueError(\"invalid literal for int() with base 10: '12.90 €'\")",
                }),
              ],
            },
          },
        ],
      },
    },
    {
      type: "breadcrumbs",
      data: {
        values: [
          { timestamp: ago(250.9), type: "http", category: "httplib", level: "info", data: { method: "GET", url: "https://rates.example.com/eur", status_code: 200 } },
          ...Array.from({ length: 14 }, (_, index) => ({ timestamp: ago(249 - index), type: "query", category: "query", level: "info", message: `SELECT * FROM order_line WHERE order_id = ${index + 1}` })),
          { timestamp: ago(241.2), type: "log", category: "shop", level: "warning", message: "checkout of 7", data: { asctime: "2026-11-22 16:31:21,177" } },
          { timestamp: ago(240.04), type: "log", category: "shop.payment", level: "error", message: "amount <script>alert('no')</script> could not be read" },
        ],
      },
    },
    {
      type: "request",
      data: {
        method: "POST",
        url: "http://localhost/checkout/7",
        query: [["coupon", "ü"]],
        headers: [["Content-Type", "application/json"], ["User-Agent", "Werkzeug/3.1.9"], ["Authorization", "[Filtered]"]],
        cookies: [],
        env: { SERVER_NAME: "localhost", SERVER_PORT: "80" },
        data: { card: { number: "[Filtered]" }, note: "Grüße 🍕 価格が無効" },
      },
    },
  ],
};

const rust = {
  platform: "native",
  culprit: "shop::cart::total",
  user: null,
  release: { version: "shop@1.4.2+77" },
  tags: { environment: "production", plan: "enterprise", level: "fatal" },
  contexts: { os: { type: "os", name: "Linux", version: "6.1.0" }, rust: { type: "runtime", name: "rustc", version: "1.95.0" }, device: { type: "device", arch: "x86_64" } },
  sdk: { name: "watchpost.rust", version: "0.1.0" },
  entries: [
    {
      type: "exception",
      data: {
        values: [
          {
            type: "panic",
            value: "index out of bounds: the len is 3 but the index is 7",
            mechanism: { type: "panic", handled: false },
            stacktrace: {
              frames: [
                frame("main", "main.rs", "/srv/app/src/main.rs", 12, true, 10, ["fn main() {", "    let cart = Cart::load();", "    println!(\"{}\", cart.total(7));", "}"]),
                ...Array.from({ length: 6 }, () => frame("shop::cart::total", "cart.rs", "/srv/app/src/cart.rs", 31, true, 30, ["    if deep > 0 { return self.total(deep - 1); }", "    self.lines[index].price", "}"])),
                frame("core::panicking::panic_bounds_check", "panicking.rs", "/rustc/library/core/src/panicking.rs", 273, false),
                frame("<alloc::vec::Vec<T,A> as core::ops::index::Index<I>>::index", "mod.rs", "/rustc/library/alloc/src/vec/mod.rs", 2881, false),
              ],
            },
          },
        ],
      },
    },
  ],
};

const node = {
  platform: "node",
  culprit: "src/routes/cart.js in addItem",
  user: { id: "7", username: "ada" },
  release: { version: "web@2.0.0" },
  tags: { environment: "staging", browser: "Firefox 151", url: "https://shop.example.com/cart" },
  contexts: { runtime: { type: "runtime", name: "node", version: "v20.20.2" } },
  sdk: { name: "watchpost.node", version: "0.1.0" },
  entries: [
    {
      type: "exception",
      data: {
        values: [
          {
            type: "TypeError",
            value: "Cannot read properties of undefined (reading 'price')",
            mechanism: { type: "express", handled: false },
            stacktrace: {
              frames: [
                frame("Layer.handle", "node_modules/express/lib/router/layer.js", "/srv/node_modules/express/lib/router/layer.js", 95, false),
                frame("addItem", "src/routes/cart.js", "/srv/src/routes/cart.js", 18, true, 16, ["export function addItem(cart, id) {", "  const item = catalogue.find((one) => one.id === id); // may be absent", "  cart.total += item.price;", "  return cart;", "}"], { id: "sku-404", item: null, cart: { id: 9, total: 6 } }),
              ],
            },
          },
        ],
      },
    },
  ],
};

const message = {
  platform: "python",
  culprit: "shop.stock",
  user: null,
  release: null,
  tags: { environment: "production", logger: "shop.stock" },
  contexts: {},
  sdk: { name: "watchpost.python", version: "0.1.0" },
  entries: [{ type: "message", data: { formatted: "Stock of sku-17 is below 5" } }],
};

export const EVENTS = { python, rust, node, message };

function frame(name: string, filename: string, absPath: string, lineNo: number, inApp: boolean, first?: number, source: string[] = [], vars?: Record<string, unknown>, module?: string) {
  return { function: name, filename, absPath, lineNo, colNo: null, inApp, module: module ?? null, context: source.map((line, index) => [(first ?? lineNo) + index, line]), vars: vars ?? null };
}
