#!/bin/bash
# Who may include whom, as docs/ARCHITECTURE.md says; and what the library promised to do without.
set -u
cd "$(dirname "$(readlink -f "$1")")" || exit 1
failed=0
report() { # WHAT FOUND
  [ -z "$2" ] || { printf '%s:\n%s\n' "$1" "$2"; failed=1; }
}

includes_only() { # FOLDER FOLDERS-IT-MAY-NAME
  local found
  found=$(grep -HnoE '#include "[^"]+"' "$1"/*.h "$1"/*.cc "$1"/internal/* 2>/dev/null |
    grep -vE "#include \"purebpf/($2)/")
  report "$1/ may include $2 alone" "$found"
}
includes_only elf 'elf'
includes_only bpf 'bpf'
includes_only netlink 'netlink|bpf'
includes_only loader 'loader|elf|bpf|netlink'

library=(elf/*.h elf/*.cc bpf/*.h bpf/*.cc netlink/*.h netlink/*.cc loader/*.h loader/*.cc loader/internal/*)
report 'no stream, locale, thread, format string or foreign library' "$(grep -HnE \
  '#include <(iostream|fstream|sstream|regex|locale|thread|format|print|linux/|bpf/|libelf|gelf|zlib|net/|netlink/)' \
  "${library[@]}")"
report 'loader/internal is the loader'"'"'s own' "$(grep -rHn 'purebpf/loader/internal/' \
  elf bpf netlink tools examples --include='*.h' --include='*.cc')"
# One file makes the system calls.
report 'only bpf/host_kernel.cc calls the operating system' "$(grep -HnE \
  '#include <(unistd|fcntl|poll|sys/[a-z_]+)\.h>' "${library[@]}" | grep -v '^bpf/host_kernel\.cc:')"
[ "${#library[@]}" -gt 40 ] || report 'the library'"'"'s files' "only ${#library[@]} found"
exit "$failed"
