#!/bin/bash
# The program in the README is the one that is built and run: examples/connect/connect.cc.
set -u
readme=$1 program=$2
block=$(awk '/^```cpp$/ { inside = 1; next } /^```$/ { if (inside) exit } inside' "$readme")
[ -n "$block" ] || { echo "$readme has no block of C++"; exit 1; }
diff <(printf '%s\n' "$block") "$program"
