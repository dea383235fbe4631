#!/usr/bin/env bash
# Builds the native library and generates what the Kotlin and Swift packages need around it:
#
#   bindings/kotlin/generated/kotlin/...                       the generated Kotlin
#   bindings/kotlin/generated/resources/linux-x86-64/*.so      where JNA looks inside a jar
#   bindings/swift/generated/{WatchpostBinding,WatchpostFFI}/  the generated Swift and its C module
#   bindings/swift/generated/lib/*.so                          what the linker takes
#
# WATCHPOST_FFI_PROFILE  debug (default) or release
# WATCHPOST_FFI_LIB      a library that is already built; nothing is built then but the generator
# Files are rewritten only when they changed, so that Maven and SwiftPM stay incremental.
set -euo pipefail

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$repo"
target=${CARGO_TARGET_DIR:-$repo/target}
profile=${WATCHPOST_FFI_PROFILE:-debug}

lib=${WATCHPOST_FFI_LIB:-}
if [ -z "$lib" ]; then
  case $profile in
    debug) cargo build --quiet --package watchpost-ffi ;;
    release) cargo build --quiet --package watchpost-ffi --release ;;
    *) echo "WATCHPOST_FFI_PROFILE must be debug or release, not $profile" >&2; exit 2 ;;
  esac
  lib=$target/$profile/libwatchpost_ffi.so
fi
[ -e "$lib" ] || { echo "WATCHPOST_FFI_LIB: no such file: $lib" >&2; exit 2; }

# The generator in the dev profile: with LTO it takes five minutes to build and saves nothing.
cargo build --quiet --package uniffi-bindgen

exec 9>"$target/.watchpost-generate.lock"
flock 9
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$target/debug/uniffi-bindgen" generate --library "$lib" --language kotlin --language swift --out-dir "$work" --no-format

put() {
  cmp -s "$1" "$2" && return
  mkdir -p "$(dirname "$2")"
  cp "$1" "$2.new" && mv "$2.new" "$2"
}

kotlin=bindings/kotlin/generated
swift=bindings/swift/generated
put "$work/dev/watchpost/ffi/watchpost.kt" "$kotlin/kotlin/dev/watchpost/ffi/watchpost.kt"
put "$lib" "$kotlin/resources/linux-x86-64/libwatchpost_ffi.so"
put "$work/WatchpostBinding.swift" "$swift/WatchpostBinding/WatchpostBinding.swift"
put "$work/WatchpostFFI.h" "$swift/WatchpostFFI/include/WatchpostFFI.h"
put "$work/WatchpostFFI.modulemap" "$swift/WatchpostFFI/include/module.modulemap"
# SwiftPM wants a source file in a C target.
echo '#include "WatchpostFFI.h"' >"$work/shim.c"
put "$work/shim.c" "$swift/WatchpostFFI/shim.c"
put "$lib" "$swift/lib/libwatchpost_ffi.so"
