import * as Sentry from "@sentry/react";
import { StrictMode, useEffect } from "react";
import { createRoot } from "react-dom/client";
import { Link, Route, Routes, BrowserRouter, createRoutesFromChildren, matchRoutes, useLocation, useNavigationType, useParams } from "react-router";
import { Price } from "./price";

// A React page whose reports go through a path of its own site, with whole transactions instead of streamed spans.

Sentry.init({
  ...window.options,
  tracesSampleRate: 1,
  traceLifecycle: "static",
  integrations: [
    Sentry.reactRouterBrowserTracingIntegration({ useEffect, useLocation, useNavigationType, createRoutesFromChildren, matchRoutes }),
  ],
});
Sentry.setUser({ id: "bob" });

const SentryRoutes = Sentry.wrapReactRouterRouting(Routes);

function List() {
  return (
    <ul>
      <li><Link id="good" to="/products/1">Tea</Link></li>
      <li><Link id="bad" to="/products/13">Nothing</Link></li>
    </ul>
  );
}

function Product() {
  const { id } = useParams();
  useEffect(() => void fetch(`/api/stock?name=${id}`), [id]);
  return (
    <Sentry.ErrorBoundary fallback={<p id="fallback">No price.</p>}>
      <Price product={Number(id)} />
      <button id="buy" onClick={function buy() { throw new TypeError("buying is closed"); }}>Buy</button>
    </Sentry.ErrorBoundary>
  );
}

createRoot(document.getElementById("root")!, { onUncaughtError: Sentry.reactErrorHandler() }).render(
  <StrictMode>
    <BrowserRouter>
      <SentryRoutes>
        <Route path="/catalogue" element={<List />} />
        <Route path="/products/:id" element={<Product />} />
      </SentryRoutes>
    </BrowserRouter>
  </StrictMode>,
);

window.finish = async () => {
  await Sentry.flush(5_000);
  return undefined;
};
