# shellcheck shell=bash
# Sourced by the commands in tools/: what the machine must have, and how they call Bazel.

# Where a shell in CI has no home, Bazel would find no place for its output.
if [[ -z ${HOME:-} || ! -d $HOME || ! -w $HOME ]]; then
  HOME=$(getent passwd "$(id -u)" | cut -d: -f6)
  if [[ -z $HOME || ! -d $HOME || ! -w $HOME ]]; then
    HOME=${TMPDIR:-/tmp}/purebpf-home-$(id -u)
    mkdir -p "$HOME"
  fi
  export HOME
fi

# A line of narration.
say() { printf '%s: %s\n' "${0##*/}" "$*"; }

have() { command -v "$1" >/dev/null 2>&1; }

# The packages to build with that are missing: Debian's names.
missing_for_build() {
  have g++ || echo g++
  if ! have bazel; then
    echo bazel-bootstrap
  elif grep -qs -- --override_module= /etc/bazel/bazelrc; then
    # Debian's Bazel 7 has the shell rules in a package that it does not depend on.
    [[ -e /usr/share/bazel/rules/shell ]] || echo bazel-rules-shell
  fi
  # Debian's Bazel builds without a network; another one would download GoogleTest.
  [[ -e /usr/src/googletest/googletest/include/gtest/gtest.h ]] || echo googletest
  [[ -n ${BPF_CLANG:-} ]] || have clang || echo clang
  [[ -n ${BPF_STRIP:-} ]] || have llvm-strip || echo llvm
}

# Those that the demonstration uses, and some tests; what misses one is skipped.
missing_for_demo() {
  have ip || echo iproute2
  have ping || echo iputils-ping
}

missing_for_tests() {
  missing_for_demo
  have llc || echo llvm
  have pkg-config || echo pkg-config
  have cmake || echo cmake
  have make || echo make
  # Static programs with musl; and to look at the files of a deployment.
  have musl-gcc || echo musl-tools
  python3 -c 'import yaml' 2>/dev/null || echo python3-yaml
  # Tests for arm64.
  [[ -e /usr/bin/aarch64-linux-gnu-g++ ]] || echo g++-aarch64-linux-gnu
  [[ -e /usr/bin/qemu-aarch64 ]] || echo qemu-user
  # Objects that others compiled, to be read.
  compgen -G '/usr/lib/*/bpf/*.o' >/dev/null || echo xdp-tools
}

missing_for_kernels() {
  have ip || echo iproute2
  have "qemu-system-$(uname -m)" || echo "qemu-system-$([[ $(uname -m) == x86_64 ]] && echo x86 || echo arm)"
  have busybox && ! ldd "$(command -v busybox)" >/dev/null 2>&1 || echo busybox-static
  have cpio || echo cpio
  have depmod || [[ -x /usr/sbin/depmod ]] || echo kmod
  have xz || echo xz-utils
}

# Why nothing can be built and run for arm64 here; nothing, and success, where it can.
arm64_problem() {
  local missing=()
  [[ -e /usr/bin/aarch64-linux-gnu-g++ ]] || missing+=(g++-aarch64-linux-gnu)
  [[ -e /usr/bin/qemu-aarch64 ]] || missing+=(qemu-user)
  ((${#missing[@]} == 0)) || { echo "missing: ${missing[*]}" && return 1; }
}

# Installs packages, after saying so. Fails with a clear word where that cannot be done.
install_packages() {
  (($# > 0)) || return 0
  if ((EUID != 0)); then
    say "missing: $*. Install them as root:  apt-get install -y --no-install-recommends $*"
    return 1
  fi
  if ! have apt-get; then
    say "missing: $* (Debian's names), and there is no apt-get here to install them"
    return 1
  fi
  say "installing what is missing: $*"
  local log
  log=$(mktemp)
  if DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" \
    </dev/null >"$log" 2>&1 ||
    { apt-get update -q </dev/null >>"$log" 2>&1 &&
      DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" \
        </dev/null >>"$log" 2>&1; }; then
    rm -f "$log"
    return 0
  fi
  tail -n 5 "$log" >&2
  rm -f "$log"
  say "apt-get could not install: $*"
  return 1
}

# What the build needs, and as far as possible what missing_for_$1 names.
setup_machine() {
  local missing=() wanted=()
  mapfile -t missing < <(missing_for_build)
  mapfile -t wanted < <("missing_for_$1")
  if ((EUID != 0 && ${#missing[@]} > 0)); then
    install_packages "${missing[@]}" "${wanted[@]}"
    return 1
  fi
  if ((EUID == 0 && ${#missing[@]} + ${#wanted[@]} > 0)); then
    install_packages "${missing[@]}" "${wanted[@]}" || true
    # One that cannot be had must not keep out the others; a new Bazel may ask for more.
    mapfile -t missing < <(missing_for_build)
    install_packages "${missing[@]}" || return 1
    mapfile -t wanted < <("missing_for_$1")
  fi
  ((${#wanted[@]} == 0)) || say "going on without: ${wanted[*]}; what needs them is skipped"
}

# Bazel without chatter: errors and the tests' lines are left.
QUIET=(--noshow_loading_progress '--ui_event_filters=-info,-debug,-warning')
[[ -t 1 && -z ${CI:-} ]] || QUIET+=(--noshow_progress)

# Where Debian's Bazel 7 finds its rules without a network: read by .bazelrc. Rewritten only when
# it differs, since it lies in the workspace of whoever works there.
write_user_bazelrc() {
  local lines
  lines=$(sh tools/build/offline/bazelrc)
  if [[ -n $lines && $lines != "$(cat user.bazelrc 2>/dev/null)" ]]; then
    printf '%s\n' "$lines" >user.bazelrc
  fi
}

# Links that a build by another user, or with another home, left: Bazel would take what lies behind
# them for packages of this workspace.
remove_stale_links() {
  local base link
  base=$(bazel info "${QUIET[@]}" output_base) || return 1
  for link in bazel-*; do
    [[ ! -L $link || $(readlink "$link") == "$base"/* ]] || rm -f "$link"
  done
}
