#!/bin/bash
# same_as_libbpf_test.sh all.bpf.c INCLUDE/bpf/bpf_helpers.h
# Compiles the program with these headers and with libbpf's: the code must be the same.
set -euo pipefail
source=$1 ours=$(dirname "$(dirname "$2")") theirs=${LIBBPF_INCLUDE:-/usr/include}
if ! grep -qs bpf_repeat "$theirs/bpf/bpf_helpers.h"; then
  echo "skipped: no libbpf 1.5 or newer in $theirs (LIBBPF_INCLUDE=... names another folder)"
  exit 0
fi
mkdir -p "$TEST_TMPDIR/theirs"
ln -sfn "$theirs/bpf" "$TEST_TMPDIR/theirs/bpf"
compared=0
for clang in clang-14 clang-19 clang; do
  command -v "$clang" >/dev/null || continue
  for machine in x86 arm64 riscv s390 powerpc loongarch arm mips; do
    for include in "$ours" "$TEST_TMPDIR/theirs"; do
      "$clang" -O2 -g -target bpf "-D__TARGET_ARCH_$machine" -I"$include" -idirafter /usr/include \
        -idirafter "/usr/include/$(uname -m)-linux-gnu" -c "$source" -o "$TEST_TMPDIR/object.o"
      "${OBJDUMP:-llvm-objdump}" -dr "$TEST_TMPDIR/object.o" >"$TEST_TMPDIR/$(basename "$include").txt"
    done
    diff "$TEST_TMPDIR/$(basename "$ours").txt" "$TEST_TMPDIR/theirs.txt"
    compared=$((compared + 1))
  done
done
((compared > 0)) || { echo "skipped: no clang"; exit 0; }
echo "$compared compilations gave the same code"
