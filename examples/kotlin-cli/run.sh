#!/usr/bin/env bash
# Runs the example, after building it the first time: SENTRY_DSN=http://key@127.0.0.1:9000/1 ./run.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
[ -e target/kotlin-cli.jar ] && [ -d target/lib ] || ./build.sh >&2
exec java -cp "target/kotlin-cli.jar:target/lib/*" shop.importer.MainKt "$@"
