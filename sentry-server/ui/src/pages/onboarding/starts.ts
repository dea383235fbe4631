/** How a program in each language sends its first error; `dsn` is put in. */
export interface Start {
  language: string;
  install: string;
  code: (dsn: string) => string;
}

export const STARTS: Start[] = [
  {
    language: "Rust",
    install: "cargo add watchpost",
    code: (dsn) => `fn main() -> watchpost::Result<()> {
    let _guard = watchpost::init("${dsn}")?;
    watchpost::capture_message("Hello from Rust", watchpost::Level::Info);
    Ok(())
}`,
  },
  {
    language: "Python",
    install: "pip install watchpost",
    code: (dsn) => `import watchpost

watchpost.init("${dsn}")

1 / 0  # an error nobody catches is reported`,
  },
  {
    language: "Node",
    install: "npm install watchpost",
    code: (dsn) => `const Watchpost = require("watchpost");

Watchpost.init({ dsn: "${dsn}" });

throw new Error("Hello from Node");`,
  },
  {
    language: "Kotlin",
    install: 'implementation("dev.watchpost:watchpost:0.1.0")',
    code: (dsn) => `import dev.watchpost.Watchpost
fun main() {
    Watchpost.init(dsn = "${dsn}")
    error("Hello from Kotlin")
}`,
  },
  {
    language: "Swift",
    install: '.product(name: "Watchpost", package: "Watchpost")',
    code: (dsn) => `import Watchpost

try WatchpostSDK.start(dsn: "${dsn}")

WatchpostSDK.capture(message: "Hello from Swift")`,
  },
];
