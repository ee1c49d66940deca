#!/usr/bin/env bash
# What //tools/build:embed refuses, and that every byte survives it. ARGUMENTS: generator.sh, the
# generator.
# shellcheck source=tests/support/generator.sh
source "$1"
set -u
generator=$PWD/$2
cd "${TEST_TMPDIR:?}" || exit 1

outputs=(--include t/bytes.h --header bytes.h --source bytes.cc)
printf 'x' >one
: >empty

refuses 2 'usage: embed' --namespace n "${outputs[@]}"
refuses 2 'usage: embed' --namespace n "${outputs[@]}" one one
refuses 2 'usage: embed' --namespace n "${outputs[@]}" --surprise one
refuses 2 'usage: embed' "${outputs[@]}" one
refuses 2 'usage: embed' one --namespace
for name in '' ':' '::a' 'a::' 'a:b' '9a' 'a b' 'a{}' 'a::9' 'a;b'; do
  refuses $((${#name} == 0 ? 2 : 1)) '' --namespace "$name" "${outputs[@]}" one
done
refuses 1 "read 'missing': ENOENT" --namespace n "${outputs[@]}" missing
refuses 1 "nothing in 'empty'" --namespace n "${outputs[@]}" empty
refuses 1 "write 'none/bytes.h': ENOENT" --namespace n --include t/bytes.h \
  --header none/bytes.h --source bytes.cc one

# All 256 bytes, each before a digit and before a question mark: what could run into an escape.
for ((i = 0; i < 256; i++)); do
  printf '%b' "$(printf '\\0%03o7\\0%03o?\\0%03o"\\0134' "$i" "$i" "$i")"
done >all
"$generator" --namespace a::b_1 "${outputs[@]}" all || fail "all bytes"
grep -qx '#ifndef T_BYTES_H_' bytes.h || fail "the guard is not the include path"
grep -q 'namespace a::b_1 {' bytes.h || fail "no namespace a::b_1"
grep -q 'alignas(8)' bytes.cc || fail "not aligned to 8"

# What a compiler makes of the literal's lines: printf knows the same escapes.
sed -n 's/^    "\(.*\)";\{0,1\}$/\1/p' bytes.cc | tr -d '\n' | sed 's/%/%%/g' >literal
# shellcheck disable=SC2059  # the literal is the format
printf "$(cat literal)" >again
cmp all again || fail "the bytes differ"

finish
