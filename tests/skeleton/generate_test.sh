#!/usr/bin/env bash
# What //tools/skeleton:generate refuses, and in which words. ARGUMENTS: the generator, an object.
set -u
generate=$PWD/$1 object=$PWD/$2
cd "${TEST_TMPDIR:?}" || exit 1
failed=0

fail() {
  echo "FAILED: $*"
  failed=1
}

# EXIT_CODE WORDS ARGUMENT...: the generator ends so, and says so.
refuses() {
  local code=$1 words=$2 output status
  shift 2
  output=$("$generate" "$@" 2>&1)
  status=$?
  ((status == code)) || fail "$*: exit code $status, not $code"
  [[ $output == *"$words"* ]] || fail "$*: '$output' has no '$words'"
}

named=(--name traffic --include t/traffic.skel.h)
outputs=(--header traffic.skel.h --source traffic.skel.cc)
refuses 2 'usage: generate' "${named[@]}" "${outputs[@]}"
refuses 2 'usage: generate' "${named[@]}" "${outputs[@]}" "$object" "$object"
refuses 2 'usage: generate' "${named[@]}" "${outputs[@]}" --surprise "$object"
refuses 2 'usage: generate' "${named[@]}" "$object" --header
refuses 2 'usage: generate' "${outputs[@]}" "$object"
refuses 1 "read 'missing': ENOENT" "${named[@]}" "${outputs[@]}" missing
refuses 1 "read '.': EISDIR" "${named[@]}" "${outputs[@]}" .
refuses 1 "write 'none/traffic.skel.h': ENOENT" "${named[@]}" --header none/traffic.skel.h \
  --source traffic.skel.cc "$object"
refuses 1 "no struct, union, enum or typedef 'no_such'" "${named[@]}" "${outputs[@]}" --type no_such "$object"
echo 'not an object' >text
refuses 1 'traffic' "${named[@]}" "${outputs[@]}" text
[[ ! -e traffic.skel.h ]] || fail "it has written something all the same"

"$generate" "${named[@]}" "${outputs[@]}" --namespace a::b "$object" || fail "it does not generate"
grep -qx 'namespace a::b {' traffic.skel.h || fail "no namespace a::b"
grep -qx '#include "t/traffic.skel.h"' traffic.skel.cc || fail "the source does not include the header"

exit "$failed"
