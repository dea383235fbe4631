#!/usr/bin/env bash
# The Swift compiler for this repository: the one on the PATH, else Debian trixie's in a folder of its own.
#
#   toolchain.sh ensure        install it if it is missing (one line says what is being done)
#   toolchain.sh run CMD...    run CMD with that compiler, in the folder that matches the current one
#   toolchain.sh path FOLDER   where FOLDER of this repository is inside `run`
#
# Inside `run` the repository is /src and /tmp is the host's. The mounts live in a private namespace, so they
# vanish with the process, and every step is an exec, so the caller's pid (and its signals) are CMD's.
# WATCHPOST_CACHE overrides the folder (default ${XDG_CACHE_HOME:-~/.cache}/watchpost-dev).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../.." && pwd)
cache=${WATCHPOST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/watchpost-dev}
chroot=$cache/swift-trixie
packages=swiftlang,libswiftlang,libc6-dev,libstdc++-14-dev

main() {
  case ${1:-} in
    ensure) ensure ;;
    run) shift; [ $# -gt 0 ] || usage; run "$@" ;;
    path) [ $# -eq 2 ] || usage; inside "$(cd "$2" && pwd)" ;;
    *) usage ;;
  esac
}

usage() { sed -n '2,7p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//' >&2; exit 2; }

inside() {
  if on_path; then echo "$1"; return; fi
  case $1/ in "$repo"/*) echo "/src${1#"$repo"}" ;; *) echo /src ;; esac
}

on_path() { [ -z "${WATCHPOST_SWIFT_CHROOT:-}" ] && command -v swift >/dev/null; }

ensure() {
  if on_path; then return; fi
  [ -e "$chroot/.ok" ] && return
  check_machine
  mkdir -p "$cache"
  exec 9>"$cache/swift-trixie.lock"
  flock 9
  [ -e "$chroot/.ok" ] && return
  echo "swift: installing Debian trixie's $packages into $chroot (about 530 MB to fetch, 3 GB on disk, 2 to 4 minutes)"
  install_debootstrap
  local log=$cache/swift-trixie.log mirror attempt
  mirror=$(debian_mirror)
  for attempt in 1 2 3; do
    rm -rf --one-file-system "$chroot.partial" "$chroot"
    # In a namespace of its own: what debootstrap mounts never outlives it.
    if unshare -m debootstrap --variant=minbase --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
      --include="$packages" trixie "$chroot.partial" "$mirror" >"$log" 2>&1 </dev/null 9>&-; then
      rm -rf "$chroot.partial"/var/cache/apt/archives/*.deb "$chroot.partial"/usr/share/{doc,man,locale}
      mkdir -p "$chroot.partial/src"
      touch "$chroot.partial/.ok"
      mv "$chroot.partial" "$chroot"
      return
    fi
    echo "swift: attempt $attempt failed, the last lines of $log:" >&2
    tail -n 5 "$log" >&2
  done
  fail "debootstrap could not fetch trixie from $mirror"
}

run() {
  ensure
  if on_path; then exec "$@"; fi
  # Where an example keeps its events is a folder of the caller's: it gets the same name inside.
  local storage=${WATCHPOST_STORAGE_DIR:-}
  if [ -n "$storage" ]; then mkdir -p "$storage" "$chroot$storage"; fi
  exec unshare -m bash -c '
    chroot=$1 repo=$2 inside=$3 storage=$4; shift 4
    # Without /proc the compiler cannot find its own libraries ($ORIGIN).
    mount -t proc proc "$chroot/proc" && mount --rbind /dev "$chroot/dev" &&
      mount --bind /tmp "$chroot/tmp" && mount --bind "$repo" "$chroot/src" || exit 125
    [ -z "$storage" ] || mount --bind "$storage" "$chroot$storage" || exit 125
    export PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin HOME=/root LC_ALL=C.UTF-8
    unset XDG_CACHE_HOME TMPDIR LD_LIBRARY_PATH
    exec chroot "$chroot" /bin/sh -c "cd \"\$0\" && exec \"\$@\"" "$inside" "$@"
  ' _ "$chroot" "$repo" "$(inside "$PWD")" "$storage" "$@"
}

check_machine() {
  [ "$(uname -s)" = Linux ] || fail "only Linux is set up automatically"
  [ -e /etc/debian_version ] || fail "only Debian and its children are set up automatically"
  [ "$(id -u)" = 0 ] || fail "not running as root"
  unshare -m true 2>/dev/null || fail "mount namespaces are not allowed here (a container needs CAP_SYS_ADMIN)"
}

install_debootstrap() {
  command -v debootstrap >/dev/null && [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] && return
  echo "swift: installing debootstrap by apt-get"
  { apt-get install -y --no-install-recommends debootstrap debian-archive-keyring ||
    { apt-get update && apt-get install -y --no-install-recommends debootstrap debian-archive-keyring; }; } \
    >"$cache/debootstrap.log" 2>&1 || fail "apt-get install debootstrap failed, see $cache/debootstrap.log"
}

# The mirror that this machine is already set up with, in either of apt's two formats.
debian_mirror() {
  local found
  found=$(cat /etc/apt/sources.list.d/debian.sources 2>/dev/null | awk '/^URIs:/ {print $2; exit}')
  [ -n "$found" ] || found=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
    awk '$1 == "deb" { for (i = 2; i <= NF; i++) if ($i ~ /^https?:.*\/debian\/?$/) { print $i; exit } }')
  [ -n "$found" ] || fail "no Debian mirror found in /etc/apt"
  echo "$found"
}

fail() {
  cat >&2 <<TEXT
swift: no compiler: $1.
swift: put Swift 6.0 or newer on the PATH (swift.org/install), or, as root on Debian or Ubuntu, run
swift:   apt-get install debootstrap && bindings/swift/toolchain.sh ensure
TEXT
  exit 3
}

main "$@"
