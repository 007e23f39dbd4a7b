#!/usr/bin/env bash
# The packages, looked into and then used: the .deb on a clean system, the .rpm in an empty root.
# Usage: check.sh FOLDER, with one .deb and one .rpm
set -euo pipefail
deb=$(realpath "$1"/*.deb) rpm=$(realpath "$1"/*.rpm)
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

main() {
  dpkg-deb --extract "$deb" "$work/deb"
  look_inside
  compare_both
  window_refuses_automation
  agent_is_closed
  use_rpm
  use_deb
}

look_inside() {
  step 'What is in the .deb holds to the rules of its formats'
  lintian --allow-root --fail-on error,warning "$deb"
  desktop-file-validate "$work"/deb/usr/share/applications/*.desktop
  appstreamcli validate --no-net "$work"/deb/usr/share/metainfo/*.xml >"$work/log" || fail "$(<"$work/log")"
  local page
  for page in "$work"/deb/usr/share/man/man1/*.gz; do
    man --warnings --local-file "$page" >/dev/null 2>"$work/log"
    [[ ! -s $work/log ]] || fail "$(<"$work/log")"
  done
  if grep --fixed-strings --files-with-matches -e "$PWD" -e "${CARGO_HOME:-$HOME/.cargo}" "$work"/deb/usr/bin/*; then
    fail 'These say where they were built.'
  fi
}

compare_both() {
  step 'The .rpm is whole and has what the .deb has'
  rpm --checksig "$rpm" >"$work/log" || fail "$(<"$work/log")"
  files_of_deb | sed 's,/vendor-completions/,/site-functions/,' >"$work/deb.list"
  rpm --query --list --package "$rpm" | grep -vE '^/usr/share/(licenses|doc)/' | sort >"$work/rpm.list"
  diff "$work/deb.list" "$work/rpm.list" || fail 'The .deb (<) and the .rpm (>) differ.'
  rpm --query --requires --package "$rpm" >"$work/log"
  grep -q '^libwebkit2gtk-4.1.so.0()' "$work/log" || fail "The .rpm asks for: $(<"$work/log")"
}

files_of_deb() {
  (cd "$work/deb" && find usr \( -type f -o -type l \) -printf '/%p\n') | grep -vE '^/usr/share/(doc|lintian)/' | sort
}

window_refuses_automation() {
  step 'The window cannot be driven from outside'
  xvfb-run -a node tests/package/automation.mjs "$work/deb/usr/bin"
}

agent_is_closed() {
  if ((EUID != 0)); then
    skip 'Installing the agent as the packages do takes root.'
    return
  fi
  step "The agent's memory is closed to its own user before its first instruction"
  [[ $(rpm --query --package --queryformat '[%{FILEMODES:perms} %{FILENAMES}\n]' "$rpm") == *'-rwx--x--x /usr/bin/daypass-agent'* ]]
  chmod 711 "$work"
  install -m 644 tests/package/prying.py "$work"
  setpriv --reuid=65534 --regid=65534 --clear-groups \
    /usr/bin/python3 "$work/prying.py" "$work/deb/usr/bin/daypass-agent" || fail 'It is not.'
}

use_rpm() {
  if ((EUID != 0)); then
    skip 'Installing the .rpm into an empty root takes root.'
    return
  fi
  step 'The .rpm goes in and comes out again'
  local rpm_there=(rpm --root "$work/rpm" --nodeps --force-debian)
  mkdir "$work/rpm"
  "${rpm_there[@]}" --install "$rpm"
  "$work/rpm/usr/bin/daypass" --version >/dev/null
  "${rpm_there[@]}" --erase daypass
  left=$(find "$work/rpm" -iname '*daypass*')
  [[ -z $left ]] || fail "Left behind: $left"
}

# mmdebstrap builds the system, mounts what it needs, and takes all of it away again, whatever happens.
use_deb() {
  # shellcheck disable=SC1091
  . /etc/os-release
  if [[ $ID != debian ]]; then
    skip "The .deb is tried on a clean Debian, from Debian; this is $ID."
    return
  fi
  if ! unshare --mount true 2>/dev/null && ! unshare --map-root-user --mount true 2>/dev/null; then
    skip 'A clean system needs mounts, and they are forbidden here.'
    return
  fi
  step "The .deb is installed, used and purged on a clean $PRETTY_NAME"
  mmdebstrap --quiet --variant=minbase --dpkgopt=force-unsafe-io \
    --include=bash-completion,ca-certificates,curl,fish,man-db,procps,x11-utils,xauth,xvfb,zsh \
    --customize-hook="copy-in '$deb' tests/package/inside.sh /opt" \
    --customize-hook='chroot "$1" bash /opt/inside.sh' \
    "$VERSION_CODENAME" /dev/null
}

step() {
  printf '%s\n' "$1"
}

# On a machine that is there to test, nothing may be left out in silence.
skip() {
  [[ -z ${CI:-} ]] || fail "Left out, and CI may leave out nothing: $1"
  printf 'Left out: %s\n' "$1"
}

fail() {
  printf '%s\n' "$1" >&2
  exit 1
}

main
