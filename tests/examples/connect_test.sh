#!/bin/bash
# Runs the README's program in a network namespace of its own: frames cross while it runs, none do
# before and after, and nothing stays attached.
set -u
[ "$(id -u)" = 0 ] || { echo "skipped: needs root"; exit 0; }
if [ "${1:-}" != --inside ]; then exec unshare --net "$0" --inside "$@"; fi
shift
connect=$1 object=$2
fail() { echo "FAILED: $*"; exit 1; }

ip link set lo up
# IPv6 would announce itself, and be counted.
[ ! -e /proc/sys/net/ipv6 ] || echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
for pair in 1 2; do
  # The far ends are two hosts: what one sends can only reach the other through the program.
  ip link add "port$pair" type veth peer name "host$pair" || fail "no veth pair"
  ip link set "port$pair" up && ip link set "host$pair" up
done
# /proc/net is this namespace's; /sys would be that of whoever mounted it.
received() { awk '$1 == "host2:" { print $3 }' /proc/net/dev; }

send() { # 10 broadcast frames out of host1
  ip neigh replace 192.0.2.2 lladdr ff:ff:ff:ff:ff:ff dev host1 2>/dev/null
  ping -q -I host1 -c 10 -i 0.01 -W 1 192.0.2.2 >/dev/null 2>&1
}
ip addr add 192.0.2.1/24 dev host1

before=$(received); send; after=$(received)
[ $((after - before)) = 0 ] || fail "$((after - before)) frames crossed before it ran"

coproc RUN { exec "$connect" "$object" port1 port2; }
pid=$RUN_PID
read -r -t 10 line <&"${RUN[0]}" || fail "it said nothing"
case $line in "port1 -> interface "*) ;; *) fail "it said: $line" ;; esac
ip -d link show port1 | grep -q xdpgeneric || fail "no program is attached to port1"
before=$(received); send; after=$(received)
[ $((after - before)) = 10 ] || fail "$((after - before)) of 10 frames crossed while it ran"

echo >&"${RUN[1]}"
wait "$pid" || fail "it ended with $?"
! ip -d link show port1 | grep -q xdpgeneric || fail "its program is still attached"
before=$(received); send; after=$(received)
[ $((after - before)) = 0 ] || fail "$((after - before)) frames crossed after it ended"

"$connect" "$object" port1 nowhere </dev/null >/dev/null 2>"${TEST_TMPDIR:-/tmp}/err.txt" && fail "an unknown interface was taken"
grep -q nowhere "${TEST_TMPDIR:-/tmp}/err.txt" || fail "the error does not name the interface: $(cat "${TEST_TMPDIR:-/tmp}/err.txt")"
echo "10 of 10 frames crossed while it ran, none before and after"
