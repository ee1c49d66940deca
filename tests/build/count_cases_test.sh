#!/usr/bin/env bash
# How tools/test counts test cases. ARGUMENTS: count_cases.awk, skip.sh.
set -u
script=$PWD/$1
# shellcheck source=tests/support/skip.sh
source "$2"
cd "${TEST_TMPDIR:?}" || exit 1
failed=0

# NAME WANTED: the file NAME.xml, from standard input, counts as WANTED.
counts() {
  local actual
  cat >"$1.xml"
  actual=$(awk -f "$script" "$1.xml")
  [[ $actual == "$2" ]] && return
  echo "FAILED: $1: '$actual', not '$2'"
  failed=1
}

# As GoogleTest writes it.
counts googletest $'1 1 2\nneeds root & "CAP_BPF"' <<'END'
<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="4" failures="1" disabled="1" errors="0" time="0" name="AllTests">
  <testsuite name="A" tests="4" failures="1" disabled="1" skipped="1" errors="0" time="0">
    <testcase name="Passes" file="a.cc" line="2" status="run" result="completed" classname="A" />
    <testcase name="Skips" file="a.cc" line="3" status="run" result="skipped" classname="A">
      <skipped message="a.cc:3&#x0A;needs root &amp; &quot;CAP_BPF&quot;"><![CDATA[a.cc:3
needs root]]></skipped>
    </testcase>
    <testcase name="DISABLED_Off" file="a.cc" line="4" status="notrun" result="suppressed" classname="A" />
    <testcase name="Fails" file="a.cc" line="5" status="run" result="completed" classname="A">
      <failure message="a.cc:5&#x0A;Failed" type=""><![CDATA[a.cc:5
    <testcase like text]]></failure>
      <failure message="a.cc:6&#x0A;Failed" type=""><![CDATA[a.cc:6]]></failure>
    </testcase>
  </testsuite>
</testsuites>
END

# As Bazel writes it for a script.
counts script_passes '1 0 0' <<'END'
<testsuites>
  <testsuite name="p/s_test" tests="1" failures="0" errors="0">
    <testcase name="p/s_test" status="run" duration="0" time="0"></testcase>
      <system-out>
<![CDATA[<error said the script
      <error message="printed, not failed">]]>
      </system-out>
    </testsuite>
</testsuites>
END
counts script_fails '0 1 0' <<'END'
<testsuites>
  <testsuite name="p/s_test" tests="1" failures="0" errors="1">
    <testcase name="p/s_test" status="run" duration="0" time="0"><error message="exited with error code 1"></error></testcase>
    </testsuite>
</testsuites>
END

# As a script writes it that cannot run here.
(XML_OUTPUT_FILE=skips.xml skip_test 'no "a" & no <b>' >/dev/null) ||
  { echo "FAILED: a skipped test does not pass" && failed=1; }
counts script_skips $'0 0 1\nno "a" & no <b>' <skips.xml

counts nothing '0 0 0' <<'END'
<testsuites tests="0" failures="0" name="AllTests"></testsuites>
END

# Several files are counted together.
actual=$(awk -f "$script" script_passes.xml script_fails.xml)
[[ $actual == '1 1 0' ]] || { echo "FAILED: two files: '$actual'" && failed=1; }

exit "$failed"
