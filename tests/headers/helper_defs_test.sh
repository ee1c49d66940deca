#!/bin/bash
# helper_defs_test.sh GENERATOR bpf_helper_defs.h
# Declares the header every helper of this machine's linux/bpf.h, by the number it has there?
set -euo pipefail
generator=$1 header=$2 source=/usr/include/linux/bpf.h
[[ -r $source ]] || { echo "skipped: no $source here"; exit 0; }
"$generator" "$source" >"$TEST_TMPDIR/generated.h"
# "bpf_map_lookup_elem 1": parameter types change between kernels, names and numbers do not.
numbers() { sed -nE 's/^static .*\(\*const (bpf_[a-z0-9_]+)\).*\(void \*\)([0-9]+);$/\1 \2/p' "$1" | sort; }
numbers "$TEST_TMPDIR/generated.h" >"$TEST_TMPDIR/generated"
numbers "$header" >"$TEST_TMPDIR/header"
count=$(wc -l <"$TEST_TMPDIR/generated")
((count >= 150)) || { echo "only $count helpers found in $source"; exit 1; }
if [[ -n $(comm -23 "$TEST_TMPDIR/generated" "$TEST_TMPDIR/header") ]]; then
  echo "missing in bpf_helper_defs.h, or numbered otherwise: generate it anew from $source"
  comm -23 "$TEST_TMPDIR/generated" "$TEST_TMPDIR/header"
  exit 1
fi
# No number twice, no helper twice.
[[ -z $(cut -d' ' -f2 "$TEST_TMPDIR/header" | sort | uniq -d) ]]
echo "$count helpers of $source are declared"
