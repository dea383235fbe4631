#!/usr/bin/env bash
# Builds the SDK and this example. WATCHPOST_FFI_LIB / WATCHPOST_FFI_PROFILE: see bindings/uniffi/generate.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
swift=../../bindings/swift
../../bindings/uniffi/generate.sh
"$swift/toolchain.sh" ensure
lib=$("$swift/toolchain.sh" path "$swift/generated/lib")
exec "$swift/toolchain.sh" run swift build --disable-sandbox -Xlinker "-L$lib" -Xlinker -rpath -Xlinker "$lib"
