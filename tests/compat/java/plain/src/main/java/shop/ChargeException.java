package shop;

final class ChargeException extends Exception {
  ChargeException(String message, Throwable cause) {
    super(message, cause);
  }
}
