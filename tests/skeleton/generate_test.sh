#!/usr/bin/env bash
# What //tools/skeleton:generate refuses, and in which words. ARGUMENTS: generator.sh, the generator, an
# object.
# shellcheck source=tests/support/generator.sh
source "$1"
set -u
generator=$PWD/$2 object=$PWD/$3
cd "${TEST_TMPDIR:?}" || exit 1

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

"$generator" "${named[@]}" "${outputs[@]}" --namespace a::b "$object" || fail "it does not generate"
grep -qx 'namespace a::b {' traffic.skel.h || fail "no namespace a::b"
grep -qx '#include "t/traffic.skel.h"' traffic.skel.cc || fail "the source does not include the header"

finish
