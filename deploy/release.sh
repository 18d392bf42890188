#!/usr/bin/env bash
# Builds what is given to others: one static program for each system, its list of libraries (CycloneDX) from
# what the program itself says of them, and checksums. It needs git and Go; nothing is sent anywhere.
#   deploy/release.sh             all of it, into bin/release
#   deploy/release.sh --dry-run   what it would do
#   TARGETS=linux/amd64 deploy/release.sh
# A static program loads no ONNX Runtime: a site that has encoders of its own builds without the tag.
# The same commit and the same Go give the same bytes on any machine.
set -euo pipefail
cd "$(dirname "$0")/.."
TARGETS=${TARGETS:-linux/amd64 linux/arm64 darwin/amd64 darwin/arm64}
OUT=${OUT:-bin/release}
GO=${GO:-go}

dry=
case "${1:-}" in
  '') ;;
  --dry-run) dry=1 ;;
  *) echo "usage: deploy/release.sh [--dry-run]" >&2; exit 2 ;;
esac
for need in git "$GO"; do
  command -v "$need" >/dev/null || { echo "release.sh needs $need on PATH" >&2; exit 1; }
done
sum() { if command -v sha256sum >/dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi; }
do_() { if [ -n "$dry" ]; then echo "$*"; else "$@"; fi; }

version=$(git describe --tags --always)
if [ -n "$(git status --porcelain)" ]; then
  echo "release.sh: there are changes that are not committed: nobody could build these bytes again" >&2
  [ -n "$dry" ] || exit 1
fi

[ -n "$dry" ] || { rm -rf "$OUT"; mkdir -p "$OUT"; }
for target in $TARGETS; do
  system=${target%/*} machine=${target#*/}
  program=$OUT/vigil_${version}_${system}_${machine}
  do_ env CGO_ENABLED=0 GOOS="$system" GOARCH="$machine" GOFLAGS= "$GO" build -tags static -trimpath -buildvcs=true -ldflags='-s -w' -o "$program" ./cmd/vigil
  [ -n "$dry" ] || "$GO" version -m "$program" | grep vcs.revision >/dev/null || {
    echo "release.sh: the program does not know its commit: build in a clone, not in a linked work tree or an archive" >&2
    exit 1
  }
  if [ -n "$dry" ]; then
    echo "$GO run ./cmd/vigil version --sbom=$program > $program.cdx.json"
  else
    "$GO" run ./cmd/vigil version --sbom="$program" >"$program.cdx.json"
  fi
done
if [ -n "$dry" ]; then
  echo "sha256 of all into $OUT/checksums.txt"
else
  (cd "$OUT" && sum vigil_* >checksums.txt && cat checksums.txt)
fi
