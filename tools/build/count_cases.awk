# Counts the test cases of test.xml files (GoogleTest's, or the one that Bazel writes for a test that
# wrote none): "passed failed skipped" on the first line, then for each that was skipped a line with
# the reason.

function finish() {
  if (state != "") count[state]++
  state = ""
}

# The value of an attribute on this line, its escapes undone.
function attribute(name,    at, value) {
  at = index($0, " " name "=\"")
  if (at == 0) return ""
  value = substr($0, at + length(name) + 3)
  value = substr(value, 1, index(value, "\"") - 1)
  gsub(/&#x0A;/, " ", value)
  gsub(/&quot;/, "\"", value)
  gsub(/&apos;/, "'", value)
  gsub(/&lt;/, "<", value)
  gsub(/&gt;/, ">", value)
  gsub(/&amp;/, "\\&", value)
  return value
}

FNR == 1 { finish() }

# An element begins a line; what a test printed lies outside of <testcase>, or in a failure.
/^ *<testcase name="/ {
  finish()
  state = "passed"
  if (attribute("result") == "skipped" || attribute("status") == "notrun") state = "skipped"
  if (/><(failure|error)[ >]/) state = "failed"
}

state != "" && /^ *<(failure|error)[ >]/ { state = "failed" }

state == "skipped" && /^ *<skipped / {
  why = attribute("message")
  sub(/^[^ ]*:[0-9]+ */, "", why)  # the file and line
  if (why != "") reasons[reason_count++] = why
}

/<\/testcase>/ || (/^ *<testcase name="/ && /\/>$/) { finish() }

END {
  finish()
  print count["passed"] + 0, count["failed"] + 0, count["skipped"] + 0
  for (i = 0; i < reason_count; i++) print reasons[i]
}
