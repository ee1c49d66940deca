# shellcheck shell=bash
# Sourced by sh_tests that cannot run everywhere.

# skip_test REASON: ends the test, and has it counted as skipped. To Bazel a script that exits with 0
# has passed; the report that it writes itself says otherwise (tools/build/count_cases.awk).
skip_test() {
  local reason=$1
  echo "skipped: $reason"
  reason=$(sed 's/&/\&amp;/g; s/</\&lt;/g; s/"/\&quot;/g' <<<"$reason")
  cat >"$XML_OUTPUT_FILE" <<END
<testsuites tests="1" failures="0" errors="0">
  <testsuite name="$TEST_TARGET" tests="1" failures="0" errors="0" skipped="1">
    <testcase name="$TEST_TARGET" status="run" result="skipped" time="0">
      <skipped message="$reason"></skipped>
    </testcase>
  </testsuite>
</testsuites>
END
  exit 0
}
