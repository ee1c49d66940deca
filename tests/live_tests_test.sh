#!/bin/bash
# docs/TESTING.md says which tests are replayed and run live, and which are live alone, and why: here
# that these are all, and that each is there.
set -u
cd "$(dirname "$(readlink -f "$1")")" || exit 1
failed=0
report() { # WHAT FOUND
  [ -z "$2" ] || { printf '%s:\n%s\n' "$1" "$2"; failed=1; }
}

# "KIND LABEL" of every target of tests/: "dual" of dual_test, "live" of a test that needs root.
targets() {
  local build
  for build in tests/*/BUILD; do
    awk -v package="//${build%/BUILD}" '
      /^ *\[?(cc_test|sh_test|dual_test)\($/ { kind = /dual_test/ ? "dual" : ""; name = "" }
      /^[^ ].* = \[$/ { name = "?" }  # a list of tags that targets share
      /^ *name = / && name == "" { name = $0; gsub(/^ *name = |[",]/, "", name) }
      (/"requires-root"/ || /tags = _ROOT/) && name != "?" { kind = "live" }
      /^ *\),?( for .*)?$/ && name != "" { if (kind != "") print kind, package ":" name; kind = name = "" }
      /^\]$/ { name = "" }' "$build"
  done
}

section=$(sed -n "/^## purebpf's own tests/,\$p" docs/TESTING.md)
# The labels of the list: "`//tests/bpf`: `map_test`, `map_objects_test`", of a package with one test
# that alone; then of the table, where a package stands for all of its tests.
dual=$(printf '%s\n' "$section" | awk '
  /^- / {
    rest = $0
    sub(/^[^`]*/, "", rest)
    while (match(rest, /`[^`]+`/)) {
      word = substr(rest, RSTART + 1, RLENGTH - 2)
      rest = substr(rest, RSTART + RLENGTH)
      if (word ~ /^\/\//) package = word
      else print package ":" word
    }
  }')
live=$(printf '%s\n' "$section" | grep '^| ' | cut -d'|' -f2 | grep -o '//tests[^`]*')

all=$(targets)
listed() { # LABEL LIST
  printf '%s\n' "$2" | grep -qxF -e "$1" -e "${1%%:*}"
}
missing=
while read -r kind label; do
  listed "$label" "${!kind}" || missing+="$label, which is $kind"$'\n'
done <<<"$all"
report 'not in docs/TESTING.md' "$missing"
gone=
for label in $dual; do
  printf '%s\n' "$all" | grep -qxF "dual $label" || gone+="$label, which is no dual_test"$'\n'
done
for label in $live; do
  case $label in
    *:*) printf '%s\n' "$all" | grep -qxF "live $label" ;;
    *) printf '%s\n' "$all" | grep -qF "live $label:" ;;
  esac || gone+="$label, which is not live alone"$'\n'
done
report 'in docs/TESTING.md, and not so' "$gone"
[ "$(printf '%s\n' "$all" | grep -c '^dual')" -gt 11 ] || report 'targets' "$all"
[ "$(printf '%s\n' "$all" | grep -c '^live')" -gt 9 ] || report 'targets' "$all"
exit "$failed"
