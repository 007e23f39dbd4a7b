#!/usr/bin/env bash
# Packs the programs and what goes with them into a .deb and an .rpm, by the distributions' own tools: one tree for
# both, the libraries that the programs need found in the programs, the same bytes for the same commit.
# Usage: package.sh PROGRAMS PAGES OUT
#   PROGRAMS  folder of the four programs    PAGES  the program that writes man page and completions
set -euo pipefail
umask 022
shopt -u patsub_replacement 2>/dev/null || true

from=$(dirname "${BASH_SOURCE[0]}")
programs=$(realpath "$1") pages=$(realpath "$2")
mkdir -p "$3"
out=$(realpath "$3")
cd "$from/../.."
from=src-tauri/package
names=(daypass daypass-agent daypass-desktop daypass-practice)
id=app.daypass.Daypass
version=$(sed -n '/^\[workspace.package\]/,/^$/s/^version = "\(.*\)"/\1/p' Cargo.toml)
licence=$(sed -n '/^\[workspace.package\]/,/^$/s/^license = "\(.*\)"/\1/p' Cargo.toml)
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}

main() {
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  stage "$work/common"
  pack_deb "$work/deb"
  pack_rpm "$work/rpm"
}

# What both packages have.
stage() {
  local share=$1/usr/share icon size page
  install -D -t "$1/usr/bin" "${names[@]/#/$programs/}"
  # Who may not read a program may not open its memory either, from before its first instruction.
  chmod 711 "$1/usr/bin/daypass-agent"
  install -D -m 644 -t "$share/applications" $from/$id.desktop
  install -D -m 644 -t "$share/metainfo" $from/$id.metainfo.xml
  install -D -m 644 icons/icon.svg "$share/icons/hicolor/scalable/apps/daypass.svg"
  for icon in icons/*x*.png icons/icon.png; do
    size=$(basename "$icon" .png)
    case $size in
      128x128@2x) size=256x256 ;;
      icon) size=512x512 ;;
    esac
    install -D -m 644 "$icon" "$share/icons/hicolor/$size/apps/daypass.png"
  done
  "$pages" "$work/pages"
  install -D -m 644 "$work/pages/daypass.bash" "$share/bash-completion/completions/daypass"
  install -D -m 644 -t "$share/fish/vendor_completions.d" "$work/pages/daypass.fish"
  for page in "$work/pages/daypass.1" $from/*.1; do
    fill "$page" | compressed "$share/man/man1/$(basename "$page").gz"
  done
  # For whoever sets up an organisation.
  install -D -m 644 -t "$share/doc/daypass/templates" src-tauri/templates/*
  node $from/third-party.mjs | compressed "$share/doc/daypass/third-party.gz"
}

pack_deb() {
  local doc=$1/usr/share/doc/daypass
  cp -a "$work/common" "$1"
  install -D -m 644 -t "$1/usr/share/zsh/vendor-completions" "$work/pages/_daypass"
  install -D -m 644 $from/lintian-overrides "$1/usr/share/lintian/overrides/daypass"
  compressed "$doc/changelog.gz" <$from/changelog
  mit=$(sed 's/^$/./; s/^/ /' LICENSE-MIT) fill $from/copyright >"$doc/copyright"
  mkdir "$1/DEBIAN"
  (cd "$1" && find usr -type f -print0 | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
  size=$(du -sk --apparent-size "$1/usr" | cut -f 1) depends=$(libraries "$1/usr/bin") \
    fill $from/control >"$1/DEBIAN/control"
  date_all "$1"
  dpkg-deb --root-owner-group -Zxz --build "$1" "$out/daypass_${version}_$(architecture).deb" >/dev/null
}

pack_rpm() {
  local share=$1/usr/share
  cp -a "$work/common" "$1"
  install -D -m 644 -t "$share/zsh/site-functions" "$work/pages/_daypass"
  install -D -m 644 -t "$share/licenses/daypass" LICENSE-MIT LICENSE-APACHE
  date_all "$1"
  rpmbuild -bb --quiet $from/daypass.spec --define "_topdir $work/rpmbuild" --define "_rpmdir $out" \
    --define '_rpmfilename %{name}-%{version}-%{release}.%{arch}.rpm' --define "staged $1" --define "version $version" \
    --define "licence $licence" --define '_buildhost localhost' --define 'use_source_date_epoch_as_buildtime 1' \
    --define 'clamp_mtime_to_source_date_epoch 1' --define '_binary_payload w19.zstdio'
}

# The packages of the libraries that these programs are linked with, in the versions whose symbols they use.
libraries() {
  mkdir -p "$work/shlibs/debian"
  printf 'Source: daypass\n\nPackage: daypass\nArchitecture: any\n' >"$work/shlibs/debian/control"
  (cd "$work/shlibs" && dpkg-shlibdeps -O "${names[@]/#/-e$1/}" 2>/dev/null) | sed -n 's/^shlibs:Depends=//p'
}

# A template with its @NAMES@ filled in.
fill() {
  local text
  text=$(<"$1")
  text=${text//@VERSION@/$version}
  text=${text//@ARCHITECTURE@/$(architecture)}
  text=${text//@MAINTAINER@/$(maintainer)}
  text=${text//@SIZE@/${size:-}}
  text=${text//@DEPENDS@/${depends:-}}
  printf '%s\n' "${text//@MIT@/${mit:-}}"
}

compressed() {
  mkdir -p "$(dirname "$1")"
  gzip -9n >"$1"
}

date_all() {
  find "$1" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
}

architecture() {
  dpkg --print-architecture
}

# Who packs may say so, as with Debian's own tools.
maintainer() {
  echo "${DEBFULLNAME:-The Daypass authors} <${DEBEMAIL:-packages@daypass.invalid}>"
}

main
