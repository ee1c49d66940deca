#!/usr/bin/env bash
# examples/firewall blocks what its file lists, and follows the file. ARGUMENTS: cable.sh, the program.
# shellcheck source=tests/examples/cable.sh
source "$1"
in_namespaces "$@"
firewall=$2
list=$TEST_TMPDIR/blocked
make_cable
echo 0 >/proc/sys/net/ipv6/conf/port/disable_ipv6
in_far sh -c 'echo 0 >/proc/sys/net/ipv6/conf/far/disable_ipv6'
ip addr add 2001:db8::1/64 dev port nodad
in_far ip addr add 2001:db8::2/64 dev far nodad

# The list, at a stroke, so that no half of it is read.
write() { printf '%s\n' "$@" >"$list.new" && mv "$list.new" "$list"; }
passes() { ping_from_far "$1" || fail "$1 does not pass"; }
blocks() { ! ping_from_far "$1" || fail "$1 passes"; }

wait_for ping_from_far 2001:db8::
! "$firewall" port "$list" 2>"$out" || fail "it runs without a list"
said "^firewall: .*/blocked': cannot be read" || fail "no word about the missing list"
write '# nothing but this' '192.0.2.77/24'
start "$firewall" port "$list"
wait_for said '^blocked networks: 1$'
wait_for attached
blocks 192.0.2
passes 198.51.100
passes 2001:db8::

write 198.51.100.2 2001:db8::/32
wait_for said '^blocked networks: 2$'
said '^192\.0\.2\.0/24 is free again, after 3 packets$' || fail "packets were not counted"
passes 192.0.2
blocks 198.51.100
blocks 2001:db8::

# What is wrong changes nothing, and is said with its place.
for wrong in 198.51.100.2/33 2001:db8::/129 198.51.100 host/24 192.0.2.0/ 192.0.2.0/2x 192.0.2.0/-1; do
  write '# first' "$wrong"
  wait_for said "^firewall: .*/blocked:2': '$wrong' is no network"
done
passes 192.0.2
blocks 198.51.100
rm "$list"
wait_for said "/blocked': cannot be read"
blocks 198.51.100

# A prefix within another: the longest counts, and both are what they were.
write 198.51.100.0/24 198.51.100.2/32
wait_for said '^2001:db8::/32 is free again'
write 198.51.100.0/24
wait_for said '^198\.51\.100\.2/32 is free again, after [1-9]'
blocks 198.51.100

interrupt
! attached || fail "still attached"
passes 198.51.100
echo "the list holds, changed and broken"
