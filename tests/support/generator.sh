# shellcheck shell=bash
# Sourced by tests of generators: what one refuses, and in which words. Such a test sets `generator`, and
# ends with finish.
failed=0

fail() {
  echo "FAILED: $*"
  failed=1
}

# EXIT_CODE WORDS ARGUMENT...: the generator ends so, and says so.
refuses() {
  local code=$1 words=$2 output status
  shift 2
  output=$("${generator:?}" "$@" 2>&1)
  status=$?
  ((status == code)) || fail "$*: exit code $status, not $code"
  [[ $output == *"$words"* ]] || fail "$*: '$output' has no '$words'"
}

# Ends the test: with 0 where nothing failed.
finish() { exit "$failed"; }
