#!/bin/bash
# helper_defs_test.sh GENERATOR bpf_helper_defs.h older_helpers.txt
# The header is what the generator makes of Linux 7.2's linux/bpf.h. Here it is made anew from this
# machine's, and compared declaration by declaration: each is the same, or one of the rows of
# older_helpers.txt; and what only the header has is newer than all that this machine's kernel headers know.
set -euo pipefail
generator=$1 header=$2 older=$3 failed=0
fail() { echo "FAILED: $*"; failed=1; }

# What the generator makes of each form that linux/bpf.h has had.
cat >"$TEST_TMPDIR/sample.h" <<'END'
/* Start of BPF helper function descriptions:
 *
 * void *bpf_first(struct bpf_map *map, const void *key)
 * 	Description
 * 		Mentions bpf_second() and (parentheses) without being one.
 * 	Return
 * 		Something.
 *
 * u32 bpf_second(void)
 * 	Attributes
 * 		__bpf_fastcall
 * 	Description
 * 		Text.
 *
 * long bpf_third(struct sk_buff *skb, s64 a,
 * 		u8 b, size_t c, ...)
 * 	Description
 * 		For skb.
 *
 * long bpf_third(struct xdp_buff *xdp, u64 a)
 * 	Description
 * 		Again, for another context.
 *
 * u64 bpf_get_socket_cookie(struct bpf_sock_addr *ctx)
 * 	Description
 * 		For any context.
 */
#define FOR_EACH(FN, ctx...) \
	FN(unspec, 0, ##ctx) \
	FN(first, 1, ##ctx) \
	FN(second, 2, ##ctx) \
	FN(third, 46, ##ctx) \
	FN(get_socket_cookie, 47, ##ctx) \
	/* */
END
# The same before Linux 6.1: numbered by the place.
sed -E 's/FN\((\w+), [0-9]+, ##ctx\)/FN(\1),/; s/third\),/third),/' "$TEST_TMPDIR/sample.h" >"$TEST_TMPDIR/placed.h"
cat >"$TEST_TMPDIR/expected" <<'END'
static void *(*const bpf_first)(void *map, const void *key) = (void *)1;
static __bpf_fastcall __u32 (*const bpf_second)(void) = (void *)2;
static long (*const bpf_third)(struct __sk_buff *skb, __s64 a, __u8 b, unsigned long c, ...) = (void *)46;
static __u64 (*const bpf_get_socket_cookie)(void *ctx) = (void *)47;
END
declarations() { grep '^static ' "$1" || true; }
diff <("$generator" "$TEST_TMPDIR/sample.h" | declarations /dev/stdin) "$TEST_TMPDIR/expected" ||
  fail "the sample's declarations (<) are not those expected (>)"
diff <("$generator" "$TEST_TMPDIR/placed.h" | declarations /dev/stdin) \
  <(sed 's/(void \*)46/(void *)3/; s/(void \*)47/(void *)4/' "$TEST_TMPDIR/expected") ||
  fail "numbered by their place, the sample's declarations (<) are not those expected (>)"
# A helper with a number but no description is an error, which names it; so is a file without helpers.
sed -i 's/^.*FN(third/\tFN(forgotten, 45, ##ctx) \\\n&/' "$TEST_TMPDIR/sample.h"
if "$generator" "$TEST_TMPDIR/sample.h" >"$TEST_TMPDIR/out" 2>"$TEST_TMPDIR/err" ||
  ! grep -q 'bpf_forgotten (45) is not described' "$TEST_TMPDIR/err"; then
  fail "a helper that is not described passed: $(cat "$TEST_TMPDIR/err")"
fi
if "$generator" "$TEST_TMPDIR/expected" >"$TEST_TMPDIR/out" 2>&1; then fail "a file without helpers passed"; fi

# No helper and no number twice; none left out.
numbers() { sed -nE 's/^static .*\(\*const (bpf_[a-z0-9_]+)\).*\(void \*\)([0-9]+);$/\2 \1/p' "$1" | sort -n; }
numbers "$header" >"$TEST_TMPDIR/numbers"
[[ $(cut -d' ' -f1 "$TEST_TMPDIR/numbers") == "$(seq 211)" ]] ||
  fail "bpf_helper_defs.h does not have each number from 1 to 211 once"

source=/usr/include/linux/bpf.h
if [[ ! -r $source ]]; then
  ((failed == 0)) && echo "skipped: no $source here to compare with (linux-libc-dev)"
  exit "$failed"
fi
"$generator" "$source" >"$TEST_TMPDIR/generated.h"
if cmp -s "$TEST_TMPDIR/generated.h" "$header"; then
  echo "made from $source, the header is the same, byte for byte"
  exit "$failed"
fi
declarations "$TEST_TMPDIR/generated.h" | sort >"$TEST_TMPDIR/generated"
declarations "$header" | sort >"$TEST_TMPDIR/header"
grep '^static ' "$older" | sort >"$TEST_TMPDIR/older"
sed -n 's/^= //p' "$older" | sort >"$TEST_TMPDIR/now"
count=$(wc -l <"$TEST_TMPDIR/generated")
((count >= 150)) || fail "only $count helpers found in $source"
# Declared otherwise here: only as the table says.
comm -23 "$TEST_TMPDIR/generated" "$TEST_TMPDIR/header" >"$TEST_TMPDIR/otherwise"
unknown=$(comm -23 "$TEST_TMPDIR/otherwise" "$TEST_TMPDIR/older")
[[ -z $unknown ]] || fail "declared by $source, but neither in bpf_helper_defs.h nor in older_helpers.txt:
$unknown"
# What this machine cannot confirm the table does.
unknown=$(comm -23 <(comm -13 "$TEST_TMPDIR/generated" "$TEST_TMPDIR/header") "$TEST_TMPDIR/now")
[[ -z $unknown ]] || fail "declared by bpf_helper_defs.h, but neither in $source nor in older_helpers.txt:
$unknown"
diff <(grep -vE '^(static|struct) ' "$TEST_TMPDIR/generated.h") <(grep -vE '^(static|struct) ' "$header") ||
  fail "the generator writes other lines (<) around the declarations than the header has (>)"
# Only in the header: what is declared otherwise here, or has a higher number.
last=$(numbers "$TEST_TMPDIR/generated.h" | tail -n 1 | cut -d' ' -f1)
missing=$(comm -23 <(cut -d' ' -f2 "$TEST_TMPDIR/numbers" | sort) \
  <(numbers "$TEST_TMPDIR/generated.h" | cut -d' ' -f2 | sort))
for name in $missing; do
  number=$(awk -v name="$name" '$2 == name { print $1 }' "$TEST_TMPDIR/numbers")
  ((number > last)) || fail "$name ($number) is not in $source, which goes up to $last"
done
[[ -n $missing ]] || missing=none
echo "$count helpers of $source: $((count - $(wc -l <"$TEST_TMPDIR/otherwise"))) declared alike," \
  "$(wc -l <"$TEST_TMPDIR/otherwise") in an older form that the table has; newer: ${missing//$'\n'/, }"
exit "$failed"
