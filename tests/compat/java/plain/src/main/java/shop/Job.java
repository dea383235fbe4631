package shop;

import io.sentry.Attachment;
import io.sentry.Breadcrumb;
import io.sentry.ISpan;
import io.sentry.ITransaction;
import io.sentry.MonitorConfig;
import io.sentry.MonitorSchedule;
import io.sentry.Sentry;
import io.sentry.SentryAttribute;
import io.sentry.SentryAttributes;
import io.sentry.SentryLevel;
import io.sentry.SentryLogLevel;
import io.sentry.SpanStatus;
import io.sentry.logger.SentryLogParameters;
import io.sentry.metrics.SentryMetricsParameters;
import io.sentry.protocol.Feedback;
import io.sentry.protocol.User;
import io.sentry.util.CheckInUtils;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** A program with the official SDK: everything at once ({@code job}), nothing wrong ({@code calm}), a crash ({@code crash}). */
public final class Job {
  public static void main(String[] words) throws Exception {
    // DSN, release, environment and the id of a mapping come from the environment.
    Sentry.init(
        options -> {
          options.setEnableExternalConfiguration(true);
          options.setDebug(true);
          options.setTracesSampleRate(1.0);
          options.addInAppInclude("shop");
          options.setServerName("till-1");
          options.getLogs().setEnabled(true);
        });
    Sentry.startSession();
    switch (words[0]) {
      case "job" -> job();
      case "crash" -> crash();
      default -> {}
    }
    Sentry.endSession();
    Sentry.flush(20_000);
    Sentry.close();
  }

  private static void job() throws Exception {
    Sentry.configureScope(
        scope -> {
          User user = new User();
          user.setId("42");
          user.setEmail("u42@shop.test");
          scope.setUser(user);
          scope.setTag("tenant", "acme");
          scope.setContexts("cart", Map.of("items", 3));
        });
    Breadcrumb crumb = new Breadcrumb("3 items");
    crumb.setCategory("cart");
    crumb.setData("items", 3);
    Sentry.addBreadcrumb(crumb);

    try {
      new Till().charge("7");
    } catch (ChargeException error) {
      byte[] cart = "{\"items\":3}".getBytes(StandardCharsets.UTF_8);
      var id = Sentry.captureException(error, scope -> scope.addAttachment(new Attachment(cart, "cart.json")));
      say("error", id);
      Feedback feedback = new Feedback("My card is good.");
      feedback.setName("Ada");
      feedback.setContactEmail("ada@shop.test");
      feedback.setAssociatedEventId(id);
      Sentry.captureFeedback(feedback);
    }
    Sentry.captureMessage(
        "the stock is low",
        scope -> {
          scope.setLevel(SentryLevel.WARNING);
          scope.setFingerprint(List.of("stock"));
        });
    CheckInUtils.withCheckIn("nightly-bill", new MonitorConfig(MonitorSchedule.crontab("0 3 * * *")), () -> null);
    bill();
  }

  private static void bill() {
    ITransaction transaction = Sentry.startTransaction("bill", "job");
    try (var ignored = transaction.makeCurrent()) {
      ISpan query = transaction.startChild("db.sql.query", "SELECT * FROM carts");
      query.setData("db.system", "postgresql");
      query.finish(SpanStatus.OK);
      var attributes = SentryAttributes.of(SentryAttribute.integerAttribute("cart.items", 3));
      Sentry.logger().log(SentryLogLevel.WARN, SentryLogParameters.create(attributes), "billing %d carts", 3);
      Sentry.logger().error("one cart failed");
      Sentry.metrics().count("bills", 3.0, null, SentryMetricsParameters.create(Map.of("kind", "nightly")));
      say("trace", transaction.getSpanContext().getTraceId());
      transaction.finish(SpanStatus.OK);
    }
  }

  /** Nobody catches what a thread throws. */
  private static void crash() throws InterruptedException {
    Thread till = new Thread(() -> new Till().open(null), "till");
    till.start();
    till.join();
  }

  private static void say(String name, Object value) {
    System.out.println(name + ": " + value);
  }
}
