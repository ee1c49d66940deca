#!/usr/bin/env bash
# The table of examples/xdp_count says what was sent. ARGUMENTS: cable.sh, the program.
# shellcheck source=tests/examples/cable.sh
source "$1"
in_namespaces "$@"
xdp_count=$2
make_cable

start "$xdp_count" port
wait_for said '^protocol +packets +bytes'
attached || fail "nothing is attached"
# 84 bytes of IPv4 in a frame of 98.
ping_from_far 192.0.2 25 || fail "echo requests get lost"
wait_for said '^  1 ICMP +25 +2450 '
in_far bash -c 'for i in 1 2 3; do echo hello >/dev/udp/192.0.2.1/9; done'
wait_for said '^ 17 UDP +3 +144 '
interrupt
! attached || fail "still attached"

! "$xdp_count" nowhere 2>"$out" || fail "an unknown interface was taken"
said "^xdp_count: .*nowhere" || fail "the error names no interface"
echo "25 + 3 packets are in the table"
