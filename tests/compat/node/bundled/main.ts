// Bundled and minified before it runs, as a build does.
import * as Sentry from "@sentry/node";
import { charge } from "./charge";

const root = process.env.REWRITE_ROOT;
Sentry.init({
  debug: true,
  integrations: root ? [Sentry.rewriteFramesIntegration({ root })] : [],
});

try {
  charge({ id: 7, amount: "12,90" });
} catch (error) {
  console.log(`error: ${Sentry.captureException(error)}`);
}
void Sentry.close(20_000);
