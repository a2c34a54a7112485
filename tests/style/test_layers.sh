#!/usr/bin/env bash
# Holds every #include under src/ to the table in src/LAYERS. usage: test_layers.sh ROOT
set -euo pipefail
cd "$1/src"
bad=0
while IFS=: read -r file _ line; do
  to=$(sed -n 's/.*#include "\([^"]*\)".*/\1/p' <<<"$line")
  [ "$to" = build_config.h ] && continue
  case "$to" in */*) ;; *) echo "src/$file: include \"$to\" by its folder"; bad=1; continue ;; esac
  from=${file%%/*} dir=${to%%/*} header=${to#*/}
  [ -e "$to" ] || { echo "src/$file: no such header: $to"; bad=1; continue; }
  [ "$from" = "$dir" ] || [ "$dir" = base ] && continue
  row=$(awk -v f="$from" '$1 == f' LAYERS)
  [ -n "$row" ] || { echo "src/$file: folder $from is not in LAYERS"; bad=1; continue; }
  may=$(awk -v f="$from" '$1 == f { sub(/^[^ ]+ +/, ""); sub(/   +.*/, ""); print }' LAYERS)
  [ "$may" = '*' ] && continue
  grep -qw -- "$dir" <<<"$may" || { echo "src/$file: $from may not include $to"; bad=1; continue; }
  awk -v f="$dir" -v h="$header" '$1 == f { for (i = 2; i <= NF; i++) if ($i == h) ok = 1 } END { exit !ok }' LAYERS ||
    { echo "src/$file: $to is not a noun header that others may see"; bad=1; }
done < <(grep -rn --include='*.[ch]' '^ *# *include "' .  | sed 's|^\./||')

# Vendor headers stay in their adapter folders.
vendor() { # REGEX FOLDERS
  grep -rnE --include='*.[ch]' "#include <($1)" . | sed 's|^\./||' | grep -vE "^(($2)/|app/version[.]c:)" | sed 's|^|src/|; s|$|: vendor header outside its adapter|' || true
}
out=$(vendor 'libav|libsw' 'camera|frame|draw'; vendor sqlite3 'store'; vendor yaml base; vendor cairo draw; vendor '(n?curses|ncursesw)' app; vendor '(onnx|protobuf-c)' 'nn/onnx'; vendor dnnl 'nn/onednn')
[ -z "$out" ] || { echo "$out"; bad=1; }
exit $bad
