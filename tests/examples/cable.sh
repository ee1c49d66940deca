# shellcheck shell=bash
# Sourced by the tests of the examples: a network namespace with the interface "port", connected by
# a cable to "far" in another one. Neither says anything by itself. Nothing of it outlives the test.
#
#   port  192.0.2.1/24  198.51.100.1/24
#   far   192.0.2.2/24  198.51.100.2/24
set -u
out=$TEST_TMPDIR/out
example='' far=''

fail() {
  echo "FAILED: $*"
  [[ ! -s $out ]] || sed 's/^/  it said: /' "$out"
  exit 1
}

finish() {
  local process
  for process in $example $far; do kill -KILL "$process" 2>/dev/null; done
}
trap finish EXIT

# Goes on in namespaces of its own. ARGUMENTS: the script's.
in_namespaces() {
  [[ $(id -u) == 0 ]] || { echo "skipped: needs root" && exit 0; }
  if [[ -z ${INSIDE:-} ]]; then INSIDE=1 exec unshare --net --mount "$0" "$@"; fi
}

# Until a command succeeds: at most 10 s.
wait_for() {
  local i
  for ((i = 0; i < 100; i++)); do
    if "$@"; then return 0; fi
    sleep 0.1
  done
  fail "waited in vain for: $*"
}

said() { grep -qE -- "$1" "$out"; }
attached() { ip -d link show port | grep -q 'prog/xdp'; }
in_far() { nsenter --target "$far" --net "$@"; }

no_ipv6() {
  local file
  for file in /proc/sys/net/ipv6/conf/*/disable_ipv6; do [[ ! -e $file ]] || echo 1 >"$file"; done
}

is_apart() { [[ $(readlink "/proc/$far/ns/net") != "$(readlink /proc/self/ns/net)" ]]; }

mac_of() { sed 's|.*link/ether \([^ ]*\).*|\1|'; }

make_cable() {
  local here there net
  unshare --net sleep 600 &
  far=$!
  wait_for is_apart
  no_ipv6
  in_far bash -c "$(declare -f no_ipv6); no_ipv6"
  ip link add port type veth peer name far netns "$far" || fail "no cable"
  here=$(ip -o link show port | mac_of) there=$(in_far ip -o link show far | mac_of)
  ip link set port up || fail "port does not come up"
  in_far ip link set far up || fail "far does not come up"
  for net in 192.0.2 198.51.100; do
    ip addr add "$net.1/24" dev port || fail "no address"
    in_far ip addr add "$net.2/24" dev far || fail "no address"
    ip neigh replace "$net.2" lladdr "$there" dev port nud permanent || fail "no neighbour"
    in_far ip neigh replace "$net.1" lladdr "$here" dev far nud permanent || fail "no neighbour"
  done
}

# NETWORK [COUNT]: echo requests from far; whether all were answered. 2001:db8: is a network as well.
ping_from_far() {
  local dot=.
  [[ $1 != *: ]] || dot=
  in_far ping -q -i 0.01 -c "${2:-3}" -W 1 "$1${dot}1" 2>&1 | grep -q ' 0% packet loss'
}

# COMMAND...: starts an example. SIGINT is said to be heard, which a shell's background jobs do not.
start() {
  : >"$out"
  env --default-signal=INT "$@" >"$out" 2>&1 &
  example=$!
}

# Ends it as Ctrl-C does.
interrupt() {
  local code
  kill -INT "$example" || fail "it has ended by itself"
  wait "$example"
  code=$?
  [[ $code == 130 ]] || fail "SIGINT ended it with $code"
  example=''
}
