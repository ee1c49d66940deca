#!/usr/bin/env bash
# What bpf_vmlinux writes, and what it refuses. ARGUMENTS: generator.sh, its generator, purebpf,
# an object.
# shellcheck source=tests/support/generator.sh
source "$1"
set -u
generator=$PWD/$2 purebpf=$PWD/$3 object=$PWD/$4
cd "${TEST_TMPDIR:?}" || exit 1

"$generator" "$object" ours.h || fail "no header from an object"
"$purebpf" btf dump "$object" --format c >theirs.h
cmp ours.h theirs.h || fail "purebpf btf dump writes another header"
grep -q '^struct process {' ours.h || fail "the object's types are missing"

# BTF as it stands: a header, and the types void and int.
printf '\x9f\xeb\x01\0\x18\0\0\0\0\0\0\0\x10\0\0\0\x10\0\0\0\x05\0\0\0\x01\0\0\0\0\0\0\x01\x04\0\0\0\x20\0\0\x01\0int\0' >raw
"$generator" raw raw.h || fail "no header from BTF as it stands"

printf 'neither' >text
head -c 100 "$object" >short
: >empty
cp "$object" none
sed -i 's/\.BTF\x00/.BTX\x00/' none
refuses 2 'usage: vmlinux'
refuses 2 'usage: vmlinux' "$object"
refuses 1 "cannot read 'missing'" missing out.h
refuses 1 "cannot take types from 'text': " text out.h
refuses 1 "cannot take types from 'short': " short out.h
refuses 1 "cannot take types from 'empty': " empty out.h
refuses 1 'it has no section .BTF' none out.h
refuses 1 "cannot write 'none/out.h'" "$object" none/out.h
[[ ! -e out.h ]] || fail "a header was written all the same"

finish
