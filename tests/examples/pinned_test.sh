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

# While programs change, every packet is counted, and once. However slow the machine is, packets come
# until the runs are done: how many, ping says when it is told to stop.
nsenter --target "$far" --net env --default-signal=INT ping -q -f 192.0.2.1 >"$TEST_TMPDIR/flood" 2>&1 &
flood=$!
trap 'kill -KILL "$flood" 2>/dev/null; finish' EXIT
for run in {1..10}; do
  "$pinned" port "$folder" >"$out" 2>&1 || fail "run $run did not take over"
  said '^program [0-9]+ took over from [0-9]+$' || fail "run $run took nothing over"
done
kill -INT "$flood" || fail "the flood had ended"
wait "$flood" || fail "the flood ended with $?"
sent=$(sed -n 's/^\([0-9]*\) packets transmitted.*/\1/p' "$TEST_TMPDIR/flood")
((sent > 10)) || fail "only '$sent' packets came in between"
"$pinned" port "$folder" >"$out" || fail "the last run ended with $?"
said "^$((10 + sent)) packets so far\$" || fail "$((10 + sent)) packets were sent"

"$pinned" --remove "$folder" || fail "it does not remove"
! attached || fail "still attached"
[[ ! -e $folder/link && ! -e $folder/packets ]] || fail "pins are left"
! "$pinned" --remove "$folder" 2>"$out" || fail "it removes twice"
said "^pinned: .*$folder/link" || fail "the error names no pin"
! "$pinned" port "$TEST_TMPDIR" 2>"$out" || fail "a folder that is no BPF file system was taken"
said '^pinned: ' || fail "no word about the folder"
! attached || fail "attached by a run that failed"
echo "$((10 + sent)) packets, counted over 13 runs"
