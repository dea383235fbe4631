// Scopes, users, tags, contexts, breadcrumbs, attachments, levels.
import * as Sentry from "watchpost";

Sentry.init({
  dsn: process.env.SENTRY_DSN,
  initialScope: { tags: { region: "eu" } },
  beforeBreadcrumb: (breadcrumb) => (breadcrumb.category === "ui.click" ? null : breadcrumb),
});

Sentry.setUser({ id: 42, email: "john.doe@example.com" });
Sentry.setTag("page_locale", "de-at");
Sentry.setContext("character", { name: "Mighty Fighter", age: 19, attack_type: "melee" });
Sentry.setExtra("server", "web-1");
Sentry.addBreadcrumb({ category: "auth", message: "Authenticated user", level: "info" });
Sentry.addBreadcrumb({ category: "ui.click", message: "never kept" });

Sentry.withScope((scope) => {
  scope.setTag("my-tag", "my value");
  scope.setLevel("warning");
  scope.setFingerprint(["{{ default }}", "checkout"]);
  scope.addAttachment({ filename: "cart.json", data: JSON.stringify({ items: 3 }), contentType: "application/json" });
  Sentry.captureException(new Error("my error", { cause: new TypeError("its cause") }));
});

Sentry.captureMessage("Something went wrong", "info");
Sentry.captureException(new Error("with context"), { tags: { section: "articles" }, user: { id: 7 }, extra: { n: 1 } });
Sentry.getCurrentScope().clear();
await Sentry.flush(2000);
