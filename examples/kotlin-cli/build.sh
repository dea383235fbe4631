#!/usr/bin/env bash
# Builds the SDK and this example. WATCHPOST_FFI_LIB / WATCHPOST_FFI_PROFILE: see bindings/uniffi/generate.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
../../bindings/uniffi/generate.sh
exec mvn --batch-mode --no-transfer-progress --quiet -f reactor.xml -Dmaven.test.skip=true package
