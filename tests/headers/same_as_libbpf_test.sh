#!/bin/bash
# same_as_libbpf_test.sh skip.sh SAME_CODE INCLUDE/bpf/bpf_helpers.h left_out.txt PROGRAM.bpf.c...
# Each program, compiled with these headers and with libbpf's, for each machine and both byte orders, must
# be the same object, section by section; and each name that libbpf's define is there, or in left_out.txt.
# LIBBPF_INCLUDE names another folder than /usr/include that has libbpf's bpf/.
set -euo pipefail
# shellcheck source=tests/support/skip.sh
source "$1"
same_code=$2 ours=$(dirname "$(dirname "$3")") left_out=$4
shift 4
theirs=${LIBBPF_INCLUDE:-/usr/include}
[[ -r $theirs/bpf/bpf_tracing.h ]] || skip_test "no libbpf headers in $theirs (libbpf-dev)"
clangs=()
for clang in clang-14 clang-19; do
  if command -v "$clang" >/dev/null; then clangs+=("$clang"); fi
done
if ((${#clangs[@]} == 0)) && command -v clang >/dev/null; then clangs=(clang); fi
((${#clangs[@]} > 0)) || skip_test "no clang"
machines=(x86 arm64 riscv powerpc loongarch arm mips sparc arc s390) options=(-DCOMPARED)
if ! grep -q bpf_stream_printk "$theirs/bpf/bpf_helpers.h"; then
  # What came until libbpf 1.7 is left out of the programs, and so are machines whose registers and
  # system calls libbpf corrected.
  machines=(x86 arm mips) options+=(-DOLD)
fi
mkdir -p "$TEST_TMPDIR/theirs"
ln -sfn "$theirs/bpf" "$TEST_TMPDIR/theirs/bpf"
system=(-idirafter /usr/include -idirafter "/usr/include/$(uname -m)-linux-gnu")
failed=0 compared=0

# compile CLANG INCLUDE OBJECT OPTION...
compile() {
  local clang=$1 include=$2 object=$3
  shift 3
  "$clang" -O2 -g -I"$include" "${system[@]}" "${options[@]}" "$@" -o "$object"
}
compare() {
  if ! compile "$1" "$ours" "$TEST_TMPDIR/ours.o" "${@:2}" ||
    ! compile "$1" "$TEST_TMPDIR/theirs" "$TEST_TMPDIR/theirs.o" "${@:2}" ||
    ! "$same_code" "$TEST_TMPDIR/ours.o" "$TEST_TMPDIR/theirs.o"; then
    echo "FAILED: $*"
    failed=1
  fi
  compared=$((compared + 1))
}
for clang in "${clangs[@]}"; do
  # Machines differ in what is a macro's argument: one compiler shows it, the others that they agree.
  some=("${machines[@]}")
  [[ $clang == "${clangs[-1]}" ]] || some=(x86 "${machines[-1]}")
  for program in "$@"; do
    case $program in
      # Reads of what is no kernel memory use another helper in older libbpf.
      */core.bpf.c) [[ ${options[*]} == *OLD* ]] && continue ;;
    esac
    case $program in
      */registers.bpf.c | */arguments.bpf.c)
        for machine in "${some[@]}"; do
          compare "$clang" -target bpfel "-D__TARGET_ARCH_$machine" -c "$program"
        done
        compare "$clang" -target bpfel -D__TARGET_ARCH_x86 -DVM -c "$program"
        compare "$clang" -target bpfeb "-D__TARGET_ARCH_${machines[-1]}" -c "$program"
        ;;
      *)
        compare "$clang" -target bpfel -c "$program"
        compare "$clang" -target bpfeb -c "$program"
        ;;
    esac
  done
done

# What only libbpf has, included after these headers.
cat >"$TEST_TMPDIR/usdt.c" <<'END'
#include <linux/bpf.h>
#include <stdbool.h>
struct pt_regs { unsigned long r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi, orig_rax, rip; };
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/usdt.bpf.h>
SEC("usdt") int BPF_USDT(point, int a, void* b) { return a + (b != 0); }
END
for clang in "${clangs[@]}"; do
  if ! compile "$clang" "$ours" "$TEST_TMPDIR/usdt.o" -target bpf -D__TARGET_ARCH_x86 \
    -I"$TEST_TMPDIR/theirs" -c "$TEST_TMPDIR/usdt.c"; then
    echo "FAILED: $clang: libbpf's usdt.bpf.h after these headers"
    failed=1
  fi
done

# The comparison itself: another number in the code is another object.
one=$TEST_TMPDIR/one.c
echo '__attribute__((section("tc"))) int one(void *c) { return N; }' >"$one"
"${clangs[0]}" -O2 -g -target bpf -DN=1 -c "$one" -o "$TEST_TMPDIR/1.o"
"${clangs[0]}" -O2 -g -target bpf -DN=2 -c "$one" -o "$TEST_TMPDIR/2.o"
if "$same_code" "$TEST_TMPDIR/1.o" "$TEST_TMPDIR/2.o" >"$TEST_TMPDIR/out"; then
  echo "FAILED: same_code calls different code the same"
  failed=1
fi

# Every name, for each machine.
cat >"$TEST_TMPDIR/all.c" <<'END'
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
END
names() { # INCLUDE MACHINE: macros that only these headers define
  "${clangs[-1]}" -target bpf "-D__TARGET_ARCH_$2" -I"$1" "${system[@]}" -dD -E "$TEST_TMPDIR/all.c" |
    awk -v from="$1/bpf/" '/^# [0-9]/ { mine = index($3, from) != 0 }
      mine && /^#define / { sub(/\(.*/, "", $2); print $2 }
      mine && /^static .*\(\* ?(const )?bpf_/ { match($0, /bpf_[a-z0-9_]+\)/); print substr($0, RSTART, RLENGTH - 1) }' |
    grep -v '^___' | sort -u
}
for machine in "${machines[@]}"; do
  names "$TEST_TMPDIR/theirs" "$machine" >"$TEST_TMPDIR/theirs.names"
  names "$ours" "$machine" >"$TEST_TMPDIR/ours.names"
  missing=$(comm -23 "$TEST_TMPDIR/theirs.names" "$TEST_TMPDIR/ours.names" |
    comm -23 - <(grep -v '^#' "$left_out" | cut -d' ' -f1 | sort))
  if (($(wc -l <"$TEST_TMPDIR/theirs.names") < 250)); then
    echo "FAILED: libbpf's headers define $(wc -l <"$TEST_TMPDIR/theirs.names") names only?"
    failed=1
  fi
  if [[ -n $missing ]]; then
    echo "FAILED: for $machine libbpf defines, and neither these headers nor left_out.txt have: ${missing//$'\n'/ }"
    failed=1
  fi
done
((failed)) || echo "$compared compilations gave the same code; $(wc -l <"$TEST_TMPDIR/theirs.names") names compared"
exit "$failed"
