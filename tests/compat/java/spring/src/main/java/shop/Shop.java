package shop;

import io.sentry.ISpan;
import io.sentry.Sentry;
import java.io.IOException;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** A Spring Boot application with the official starter. */
@SpringBootApplication
@RestController
public class Shop {
  public static void main(String[] words) throws IOException {
    var application = SpringApplication.run(Shop.class, words);
    System.out.println("listening: " + application.getEnvironment().getProperty("local.server.port"));
    System.in.readAllBytes();
    Sentry.flush(20_000);
    application.close();
  }

  @GetMapping("/items")
  Map<String, Integer> items() {
    ISpan span = Sentry.getSpan().startChild("cache.get", "items");
    Sentry.logger().info("items were asked for");
    span.finish();
    return Map.of("items", 3);
  }

  @PostMapping("/carts/{cart}/pay")
  void pay(@PathVariable("cart") String cart, @RequestBody Map<String, Object> order) {
    throw new ChargeException("cart " + cart + " cannot be charged");
  }

  static final class ChargeException extends RuntimeException {
    ChargeException(String message) {
      super(message);
    }
  }
}
