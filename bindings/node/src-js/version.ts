const manifest = require("../package.json") as { version: string };

/** The version of this package. */
export const SDK_VERSION = manifest.version;
