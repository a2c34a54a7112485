#!/usr/bin/env bash
# Every global symbol of the library starts with its_. usage: test_symbols.sh LIBRARY
set -euo pipefail
bad=$(nm -g --defined-only "$1" | awk 'NF == 3 { print $3 }' | grep -vE '^(its_|__asan_|__odr_asan|__tsan|__sanitizer|__ubsan|__start___san|__stop___san)' | sort -u || true)
[ -z "$bad" ] || { echo "global symbols without the its_ prefix:"; echo "$bad"; exit 1; }
