package shop;

/** What goes wrong in the shop. */
final class Till {
  void charge(String cart) throws ChargeException {
    try {
      drawer(Integer.parseInt(cart));
    } catch (IllegalStateException cause) {
      throw new ChargeException("cart " + cart + " cannot be charged", cause);
    }
  }

  private void drawer(int number) {
    throw new IllegalStateException("drawer " + number + " is stuck");
  }

  void open(String key) {
    System.out.println(key.length());
  }
}
