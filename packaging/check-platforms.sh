#!/bin/sh
# Type-checks the whole program for Windows and macOS on a Linux machine, from its real sources and those of everything it
# uses. Nothing is linked and nothing is run: it finds what does not compile there.
#
#   packaging/check-platforms.sh                  both
#   packaging/check-platforms.sh windows          one of them
#
# The toolchain of the project has this machine's standard library only. Debian has a second compiler that comes with the
# library's sources, so that the library can be checked along with the program. Where its packages are missing they are
# installed if this is root on a system with apt; anywhere else the check is skipped, in a word and with exit code 0. A
# program that does not compile, or compiles with a warning of its own, ends it with exit code 1.
#
# The first run takes about a quarter of an hour on two cores. What it built is kept under ~/.cache/joulelab/platforms
# (XDG_CACHE_HOME is honoured), so that the next one takes a minute or two.

set -eu

cd "$(dirname "$0")/.."
cache="${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/joulelab/platforms"
tools="$cache/tools"
compiler=/usr/bin/rustc
cargo=/usr/bin/cargo

skip() {
    echo "check-platforms: skipped: $1"
    exit 0
}

library_sources() {
    [ -x "$compiler" ] && [ -d "$("$compiler" --print sysroot)/lib/rustlib/src/rust/library/std" ]
}

# install WHAT-FOR PACKAGE…
install() {
    what=$1
    shift
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        skip "$what is missing, and packages can be installed by root with apt alone. They are: $*"
    fi
    echo "check-platforms: installing $*"
    if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@"; } \
        >"$cache/apt.log" 2>&1; then
        skip "$what could not be installed ($*): $cache/apt.log"
    fi
}

# What Cargo.toml asks for; a distribution's compiler may be older.
new_enough() {
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    has=$("$compiler" --version | cut -d' ' -f2)
    [ "$(printf '%s\n%s\n' "$wanted" "$has" | sort -V | head -n 1)" = "$wanted" ] ||
        skip "$compiler is $has, the program needs $wanted"
}

# check NAME TARGET
check() {
    log="$cache/$1.log"
    began=$(date +%s)
    if CARGO_TARGET_DIR="$cache/$1" RUSTC="$compiler" RUSTC_BOOTSTRAP=1 PATH="$tools:$PATH" nice \
        "$cargo" check --locked --quiet -Zbuild-std=std,panic_unwind --target "$2" >"$log" 2>&1; then
        if grep -q '^warning' "$log"; then
            cat "$log"
            echo "check-platforms: $1: compiles, with warnings ($(($(date +%s) - began)) s)"
            return 1
        fi
        echo "check-platforms: $1: compiles ($(($(date +%s) - began)) s)"
        return 0
    fi
    cat "$log"
    echo "check-platforms: $1: does not compile ($(($(date +%s) - began)) s)"
    return 1
}

windows() {
    command -v x86_64-w64-mingw32-gcc >/dev/null ||
        install "a C compiler for Windows" gcc-mingw-w64-x86-64
    # A build script looks for it under its plain name.
    ln -sf "$(command -v x86_64-w64-mingw32-windres)" "$tools/windres"
    check windows x86_64-pc-windows-gnu
}

macos() {
    # There is no C compiler for macOS here, and a check links nothing: an empty object in the place of SQLite and others
    # is as good. Which compiler it is is asked for with -E, and with -? whether it
    # is Microsoft's.
    cat >"$tools/cc-nothing" <<'END'
#!/bin/sh
out=
for word in "$@"; do
    case "$word" in
    -E) echo clang ;;
    '-?') exit 1 ;;
    esac
done
while [ $# -gt 0 ]; do
    case "$1" in
    -o)
        out=${2:-}
        ;;
    -o?*)
        out=${1#-o}
        ;;
    esac
    shift
done
[ -z "$out" ] || : >"$out"
END
    chmod +x "$tools/cc-nothing"
    CC_aarch64_apple_darwin="$tools/cc-nothing" CXX_aarch64_apple_darwin="$tools/cc-nothing" AR_aarch64_apple_darwin=ar \
        SDKROOT="$tools" MACOSX_DEPLOYMENT_TARGET=11.0 check macos aarch64-apple-darwin
}

mkdir -p "$tools"
library_sources || install "a compiler with its library's sources" rustc-web cargo-web rust-web-src
library_sources || skip "$compiler has no sources of its library"
new_enough
failed=0
for target in ${*:-windows macos}; do
    case "$target" in
    windows) windows || failed=1 ;;
    macos) macos || failed=1 ;;
    *)
        echo "check-platforms: no such platform: $target (windows, macos)" >&2
        exit 2
        ;;
    esac
done
exit "$failed"
