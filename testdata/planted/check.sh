#!/usr/bin/env bash
# Plants each mistake of this folder into a copy of the tree and demands that the test named
# in its patch fails there, which passes without it. Arguments: the patches, without .patch; none: all.
set -euo pipefail
cd "$(dirname "$0")"
here=$PWD
root=$(git rev-parse --show-toplevel)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git -C "$root" ls-files -z | (cd "$root" && xargs -0 cp --parents -t "$copy")
cd "$copy"
[ $# -gt 0 ] || set -- $(cd "$here" && ls ./*.patch | sed 's,^\./,,; s,\.patch$,,')
missed=0
for name in "$@"; do
  patch=$here/$name.patch
  read -r _ package tests < <(grep '^Test: ' "$patch")
  run() { "${GO:-go}" test -vet=off -timeout 5m -run "$tests" "$package" >"$copy.out" 2>&1; }
  if ! run || grep -q 'no tests to run' "$copy.out"; then
    cat "$copy.out"; echo "$name: $tests does not pass without it: nothing is shown"; missed=$((missed + 1)); continue
  fi
  patch --quiet --strip=1 <"$patch"
  if run; then
    echo "$name: NOT CAUGHT by $tests of $package"; missed=$((missed + 1))
  elif ! grep -qE '^ *--- FAIL|^panic: ' "$copy.out"; then
    cat "$copy.out"; echo "$name: $package does not build with it"; missed=$((missed + 1))
  else
    echo "$name: caught: $(grep -oE '^ *--- FAIL: [^ ]+' "$copy.out" | tail -n 1)"
  fi
  patch --quiet --strip=1 --reverse <"$patch"
done
rm -f "$copy.out"
[ $missed -eq 0 ] || { echo "$missed of $# were not caught"; exit 1; }
echo "all $# were caught"
