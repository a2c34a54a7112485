#!/usr/bin/env bash
# Every header compiles alone. usage: test_headers.sh ROOT BUILD
set -euo pipefail
cd "$1"
bad=0
while read -r h; do
  echo "#include \"${h#src/}\"" | ${CC:-cc} -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Werror -Wno-psabi -I. -Isrc -I"$2" -isystem "$2/src/nn/onnx" -fsyntax-only -x c - ||
    { echo "$h does not compile alone"; bad=1; }
done < <(find src tests bench -name '*.h')
exit $bad
