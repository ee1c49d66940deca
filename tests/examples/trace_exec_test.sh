#!/usr/bin/env bash
# examples/trace_exec tells what this script's children run, and nothing else. ARGUMENTS: cable.sh,
# the program.
# shellcheck source=tests/examples/cable.sh
source "$1"
in_namespaces "$@"
trace_exec=$2
true=$(type -P true) echo=$(type -P echo) uname=$(type -P uname)

start "$trace_exec" $$
wait_for said '^ +pid +parent +uid +name +file'
(exec -a other "$true")
bash -c '"$1" >/dev/null; "$2" >/dev/null; exit 3' bash "$echo" "$echo"
"$uname" >/dev/null
wait_for said "^ *[0-9]+ +$$ +0  uname +$uname\$"
said "^ *[0-9]+ +$$ +0  true +$true\$" || fail "$true is missing"
! said "$echo" || fail "a grandchild is told of"
interrupt

for wrong in 0 12x '' 4294967296; do
  "$trace_exec" "$wrong" 2>"$out"
  [[ $? == 2 ]] || fail "'$wrong' was taken"
  said '^usage: ' || fail "'$wrong': no usage"
done
echo "its children's programs, and nothing else"
