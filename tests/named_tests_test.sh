#!/bin/bash
# The tests that docs/LOADER.md names as those that stand at each trap are there: FOLDER/FILE_test:
# NAME, NAME; or a file alone.
set -u
cd "$(dirname "$(readlink -f "$1")")" || exit 1
failed=0
named=0
while IFS=: read -r file names; do
  if [ ! -f "tests/$file.cc" ]; then
    echo "docs/LOADER.md names $file, which is not there"
    failed=1
    continue
  fi
  for name in ${names//,/ }; do
    named=$((named + 1))
    [ "$name" = all ] && continue
    grep -qE "^[A-Z_]*TEST(_F|_P)?\([A-Za-z0-9]+, $name\)" "tests/$file.cc" && continue
    echo "docs/LOADER.md names $name of $file, which is not there"
    failed=1
  done
done < <(grep '^|' docs/LOADER.md |
  grep -oE '[a-z]+/[a-z0-9_]+_test(: [A-Z][A-Za-z0-9]+(, [A-Z][A-Za-z0-9]+)*)?')
[ "$named" -gt 50 ] || { echo "only $named tests found"; failed=1; }
exit "$failed"
