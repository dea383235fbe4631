#!/usr/bin/env bash
# Runs the example, after building it the first time: SENTRY_DSN=http://key@127.0.0.1:9000/1 ./run.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
[ -e .build/debug/SwiftCli ] || ./build.sh >&2
exec ../../bindings/swift/toolchain.sh run .build/debug/SwiftCli "$@"
