#!/usr/bin/env bash
# Builds what is missing and runs all tests of the Swift package, the conformance vectors among them.
# WATCHPOST_FFI_LIB / WATCHPOST_FFI_PROFILE: see ../uniffi/generate.sh. Further arguments go to `swift test`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
../uniffi/generate.sh
./toolchain.sh ensure
lib=$(./toolchain.sh path generated/lib)
# The tests set their own.
unset SENTRY_DSN SENTRY_RELEASE SENTRY_ENVIRONMENT SENTRY_SAMPLE_RATE SENTRY_DEBUG
exec ./toolchain.sh run swift test --disable-sandbox -Xlinker "-L$lib" -Xlinker -rpath -Xlinker "$lib" "$@"
