#!/usr/bin/env bash
# What `make run`, `make package` and `make test` need from this machine: installs what is missing, says what it cannot
# install.
# Usage: setup.sh run|package|test
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

purpose=${1:-run}
target=${CARGO_TARGET_DIR:-target}
packages=(build-essential pkg-config libwebkit2gtk-4.1-dev)
packing=(dpkg-dev git rpm)

main() {
  case $purpose in
    run)
      need_display
      need_tools
      need_desktop
      ;;
    package)
      packages+=("${packing[@]}")
      need_tools
      ;;
    test)
      packages+=("${packing[@]}" dbus fish fonts-dejavu-core gnome-keyring libsecret-tools openbox python3-dbus)
      packages+=(python3-dbusmock python3-gi python3-venv webkit2gtk-driver appstream desktop-file-utils lintian man-db)
      packages+=(imagemagick mmdebstrap uidmap x11-utils xauth xclip xdotool xterm xvfb zsh)
      need_tools
      need_chromium
      ;;
    *) stop "setup.sh knows run, package and test, not $purpose" ;;
  esac
  install_packages
  install_page
}

need_display() {
  [[ -n ${DISPLAY:-}${WAYLAND_DISPLAY:-} ]] || stop \
    'There is no display to open a window on (neither DISPLAY nor WAYLAND_DISPLAY is set).' \
    'Try it without one: xvfb-run make run    (from: apt-get install xvfb xauth)'
}

# What Daypass opens: a terminal, and a page in a browser (surf is small, and content in a container).
need_desktop() {
  packages+=(xdg-utils)
  has_terminal || packages+=(xterm)
  if has_browser; then return; fi
  if is_ubuntu; then packages+=(surf); else packages+=(firefox-esr); fi
}

need_chromium() {
  if [[ -x ${DAYPASS_CHROMIUM:-/usr/bin/chromium} ]]; then return; fi
  if ! is_ubuntu; then
    packages+=(chromium)
  elif [[ $(uname -m) == x86_64 ]]; then
    packages+=(libnss3)
    fetch_chromium
  else
    stop "The tests drive a Chromium, and there is none for Ubuntu on $(uname -m) but a snap, which they cannot drive." \
      'Install one from elsewhere and name it: DAYPASS_CHROMIUM=/path/to/chromium make test'
  fi
}

# One without windows, as npm has it.
fetch_chromium() {
  local package=sparticuz-chromium-147.0.0.tgz folder=$target/chromium
  local sum=18fe5404ce845594cd7d592fc07f37a19514079ba4d9c27192ad8b908743f16b
  if [[ $folder/chromium -nt src-tauri/setup.sh ]]; then return; fi
  say 'Fetching a Chromium for the tests'
  rm -rf "$folder"
  mkdir -p "$folder"
  npm pack --loglevel error --pack-destination "$folder" @sparticuz/chromium@147.0.0 >/dev/null
  (cd "$folder" && echo "$sum  $package" | sha256sum --check --quiet)
  tar -xzOf "$folder/$package" package/bin/chromium.br |
    node -e 'process.stdin.pipe(zlib.createBrotliDecompress()).pipe(process.stdout)' >"$folder/part"
  rm "$folder/$package"
  chmod +x "$folder/part"
  mv "$folder/part" "$folder/chromium"
}

need_tools() {
  local rust node lacks=0
  rust=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
  node=$(sed -n 's/.*"node": ">=\(.*\)".*/\1/p' ui/package.json)
  if ! is_new_enough "$rust" "$(version rustc)" || ! has cargo; then
    lacks=1
    say "Rust $rust or newer is needed; here is $(found rustc)."
    if has rustup; then
      say '  rustup update stable && rustup default stable'
    else
      say "  curl --proto '=https' -sSf https://sh.rustup.rs | sh -s -- -y && . ~/.cargo/env"
    fi
  fi
  if ! is_new_enough "$node" "$(version node)" || ! has npm; then
    lacks=1
    say "Node.js $node or newer with npm is needed; here is $(found node)."
    say '  curl -sSf https://raw.githubusercontent.com/nvm-sh/nvm/v0.40.3/install.sh | bash && . ~/.nvm/nvm.sh && nvm install 22'
  fi
  ((lacks == 0)) || {
    has curl || say 'For that, first: apt-get install curl ca-certificates'
    exit 1
  }
}

install_packages() {
  local missing=() package
  for package in "${packages[@]}"; do
    is_installed "$package" || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  has apt-get || stop "These Debian packages are missing, and there is no apt-get here: ${missing[*]}"
  say "Installing: ${missing[*]}"
  local as_root=()
  if ((EUID != 0)); then
    has sudo || stop 'That takes root, and there is no sudo here. As root:' "  apt-get install ${missing[*]}"
    as_root=(sudo)
  fi
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0)
  "${apt[@]}" update || { sleep 5; "${apt[@]}" update; } || say 'The package lists could not be refreshed; going on with those there are.'
  local log
  log=$(mktemp)
  if ! "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    rm -f "$log"
    stop "apt-get could not install: ${missing[*]}"
  fi
  rm -f "$log"
}

# npm writes its hidden lock file last: it tells of a whole node_modules, and of which lock file.
install_page() {
  local done=ui/node_modules/.package-lock.json
  [[ -e $done && ! ui/package-lock.json -nt $done ]] || npm ci --prefix ui --loglevel error --no-progress
}

is_installed() {
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# Those that Daypass knows, and a person's own choice.
has_terminal() {
  [[ -n ${DAYPASS_TERMINAL:-} ]] || has x-terminal-emulator gnome-terminal ptyxis kgx konsole xfce4-terminal kitty \
    alacritty foot wezterm ghostty xterm
}

has_browser() {
  [[ -n ${DAYPASS_BROWSER:-}${BROWSER:-} ]] || has x-www-browser firefox firefox-esr chromium chromium-browser \
    google-chrome || [[ -n $(xdg-settings get default-web-browser 2>/dev/null) ]]
}

# Its browsers are snaps, which apt-get only points to.
is_ubuntu() {
  grep -qs '^ID=ubuntu$' /etc/os-release
}

has() {
  local name
  for name in "$@"; do
    if command -v "$name" >/dev/null; then return 0; fi
  done
  return 1
}

version() {
  "$1" --version 2>/dev/null | grep -oE '[0-9]+(\.[0-9]+)+' | head -n 1 || true
}

found() {
  local version
  version=$(version "$1")
  echo "${version:-none}"
}

is_new_enough() {
  [[ -n $2 && $(printf '%s\n' "$1" "$2" | sort -V | head -n 1) == "$1" ]]
}

say() {
  printf '%s\n' "$@" >&2
}

stop() {
  say "$@"
  exit 1
}

main
