// What TypeScript accepts and refuses, for `require`. Only compiled, never run.
import Watchpost = require("watchpost");

Watchpost.init("https://public_key@errors.example.com/42");
Watchpost.init();
// @ts-expect-error an option that does not exist
Watchpost.init({ sampelRate: 1 });
// @ts-expect-error a hook that is none
Watchpost.init({ beforeSend: true });
