// What TypeScript accepts and refuses, for `require`. Only compiled, never run.
import Watchpost = require("watchpost");

Watchpost.init("https://public_key@errors.example.com/42");
Watchpost.init();
// @ts-expect-error an option that does not exist
Watchpost.init({ sampelRate: 1 });
// @ts-expect-error a hook that is none
Watchpost.init({ beforeSend: true });

// What a program of the official SDK says.
const options: Watchpost.NodeOptions = {
  release: 7,
  skipOpenTelemetrySetup: true,
  ignoreErrors: ["x", /y/, RangeError],
  ignoreSpans: [/GET/, { op: /db/ }],
  integrations: (defaults) => defaults.filter((integration: Watchpost.Integration) => integration.name !== "Console"),
  beforeSend(event: Watchpost.ErrorEvent, hint: Watchpost.EventHint) {
    return hint.originalException ? event : null;
  },
  beforeSendTransaction: (event: Watchpost.TransactionEvent) => event,
  beforeBreadcrumb: (breadcrumb: Watchpost.Breadcrumb, hint?: Watchpost.BreadcrumbHint) => (hint ? breadcrumb : null),
};
const client: Watchpost.NodeClient = Watchpost.init(options);
client.on("beforeSendEvent", (event: Watchpost.Event) => void event.event_id)();
const given: Watchpost.Options = client.getOptions();
void given;
Watchpost.init({
  integrations: [
    Watchpost.httpIntegration({ ignoreIncomingRequests: (target, request) => target === "/" && request.method === "GET" }),
    Watchpost.consoleLoggingIntegration({ levels: ["log", "warn"] }),
    Watchpost.rewriteFramesIntegration({ iteratee: (frame) => ({ ...frame, filename: "x" }) }),
    Watchpost.kafkaIntegration(),
  ],
});
// @ts-expect-error a level that does not exist
Watchpost.consoleIntegration({ levels: ["loud"] });
// @ts-expect-error an option that does not exist
Watchpost.httpIntegration({ ignoreIncomingRequest: () => true });
