#!/bin/sh
# Installs Debian packages that the machine lacks. Without root, or without apt, it says what is missing and goes on:
# the tests that need a missing part are skipped visibly, and fail under CI=true.
#
# Use: tools/install_missing.sh PROGRAM:PACKAGE...     PROGRAM may be a path, or a pattern of paths.
set -u

is_there() {
    case $1 in
        /*) for path in $1; do [ -e "$path" ] && return 0; done; return 1 ;;
        *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

missing=""
for pair in "$@"; do
    is_there "${pair%%:*}" || missing="$missing ${pair#*:}"
done
[ -z "$missing" ] && exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "Not installed, and there is no apt here:$missing" >&2
    exit 0
fi
sudo=""
if [ "$(id -u)" != 0 ]; then
    sudo="sudo -n"
    if ! $sudo true 2>/dev/null; then
        echo "Not installed, and not root. For the whole run: sudo apt install$missing" >&2
        exit 0
    fi
fi
echo "Installing with apt:$missing"
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq </dev/null >/dev/null
for package in $missing; do
    $sudo apt-get install -y -qq --no-install-recommends "$package" </dev/null >/dev/null 2>&1 ||
        echo "apt could not install $package" >&2
done
exit 0
