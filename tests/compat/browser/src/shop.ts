import * as Sentry from "@sentry/browser";
import { charge, lines, reserve, totalOf } from "./cart";

// A page without a framework: its DSN is on another origin, and everything that the SDK has is on.

Sentry.init({
  ...window.options,
  tracesSampleRate: 1,
  enableLogs: true,
  replaysSessionSampleRate: 1,
  integrations: [
    Sentry.browserTracingIntegration(),
    Sentry.replayIntegration({ maskAllText: true, minReplayDuration: 0 }),
    Sentry.feedbackIntegration({ showBranding: false, enableScreenshot: false }),
  ],
});
Sentry.setUser({ id: "ada", email: "ada@shop.test" });
Sentry.setTag("route", "cart");

function on(id: string, act: () => void): void {
  document.getElementById(id)!.addEventListener("click", act);
}

on("pay", function pay() {
  document.title = `${totalOf(lines)}`;
});
on("reserve", function order() {
  void reserve("cup");
});
on("charge", function tryToCharge() {
  try {
    charge(1290);
  } catch (error) {
    window.caught = Sentry.captureException(error, { tags: { provider: "bank" }, extra: { cents: 1290 } });
  }
});
on("checkout", function go() {
  history.pushState({}, "", "/checkout");
  void fetch("/api/cart").then(() => Sentry.logger.warn("the cart was read", { lines: lines.length }));
  Sentry.metrics.count("checkouts", 1, { attributes: { route: "cart" } });
});

/** What an error dialog of the shop's own does. */
window.tell = (message) => Sentry.captureFeedback({ message, associatedEventId: window.caught });

/** Sends what is held back. */
window.finish = async () => {
  const replay = Sentry.getReplay();
  await replay?.flush();
  await Sentry.flush(5_000);
  return replay?.getReplayId();
};
