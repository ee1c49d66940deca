#!/bin/bash
# page_test.sh PAGE: every block of C++ or C in it is part of the file that the line above it names.
set -u
page=$1 blocks=0 inside=0 name='' block=''
while IFS= read -r line; do
  case $inside$line in
    '0<!-- '*' -->') name=${line#<!-- } && name=${name% -->} ;;
    '0```'*) inside=1 block='' ;;
    '1```')
      if [[ -z $name || $(<"$name")$'\n' != *"$block"* ]]; then
        printf '%s: this block is not in "%s":\n%s' "$page" "$name" "$block"
        exit 1
      fi
      inside=0 name='' blocks=$((blocks + 1))
      ;;
    1*) block+=$line$'\n' ;;
  esac
done <"$page"
[[ $blocks -gt 3 && $inside -eq 0 ]] || { echo "$page: $blocks blocks"; exit 1; }
