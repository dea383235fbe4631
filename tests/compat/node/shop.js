// A shop on Express.
const Sentry = require("./instrument");
const express = require("express");

const app = express();
app.use(express.json());

class ChargeError extends Error {}
ChargeError.prototype.name = "ChargeError";

app.get("/items", (request, response) => {
  Sentry.startSpan({ name: "items", op: "cache.get" }, () => response.json({ items: 3 }));
});

app.post("/carts/:cart/pay", async (request) => {
  const { cart } = request.params;
  Sentry.setUser({ id: "42" });
  throw new ChargeError(`cart ${cart} cannot be charged`);
});

Sentry.setupExpressErrorHandler(app);

const server = app.listen(0, "127.0.0.1", () => console.log(`listening: ${server.address().port}`));
process.stdin.resume();
process.stdin.on("end", () => {
  server.close(async () => {
    await Sentry.close(20_000);
  });
  server.closeAllConnections();
});
