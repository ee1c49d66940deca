#!/usr/bin/env bash
# What examples/pinned counts goes on without it, and one run takes over from another without losing a
# packet. ARGUMENTS: cable.sh, the program.
# shellcheck source=tests/examples/cable.sh
source "$1"
in_namespaces "$@"
pinned=$2
folder=$TEST_TMPDIR/bpf
mkdir -p "$folder"
mount -t bpf none "$folder" || fail "no BPF file system"
make_cable

"$pinned" port "$folder" >"$out" 2>&1 || fail "the first run ended with $?"
[[ $(cat "$out") == $'attached to port\n0 packets so far' ]] || fail "the first run says something else"
attached || fail "nothing is attached"
ping_from_far 192.0.2 10 || fail "echo requests get lost"
"$pinned" port "$folder" >"$out" 2>&1 || fail "the second run ended with $?"
said '^program [0-9]+ took over from [0-9]+$' || fail "it did not take over"
said '^10 packets so far$' || fail "10 packets were sent"

# While programs change, every packet is counted, and once.
in_far ping -q -f -c 3000 192.0.2.1 >/dev/null 2>&1 &
flood=$!
runs=0
while kill -0 "$flood" 2>/dev/null; do
  "$pinned" port "$folder" >"$out" 2>&1 || fail "it did not take over"
  ((runs += 1))
done
wait "$flood" || fail "the flood ended with $?"
((runs > 2)) || fail "only $runs runs while packets came"
"$pinned" port "$folder" >"$out" || fail "the last run ended with $?"
said '^3010 packets so far$' || fail "3010 packets were sent"

"$pinned" --remove "$folder" || fail "it does not remove"
! attached || fail "still attached"
[[ ! -e $folder/link && ! -e $folder/packets ]] || fail "pins are left"
! "$pinned" --remove "$folder" 2>"$out" || fail "it removes twice"
said "^pinned: .*$folder/link" || fail "the error names no pin"
! "$pinned" port "$TEST_TMPDIR" 2>"$out" || fail "a folder that is no BPF file system was taken"
said '^pinned: ' || fail "no word about the folder"
! attached || fail "attached by a run that failed"
echo "3010 packets, counted over $((runs + 3)) runs"
