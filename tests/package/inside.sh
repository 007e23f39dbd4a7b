#!/usr/bin/env bash
# What check.sh does on the clean system, as root: installs, uses as an ordinary person, purges, looks for what is left.
set -euo pipefail

main() {
  deb=$(echo /opt/daypass_*.deb)
  local apt=(apt-get -qq -y -o Dpkg::Use-Pty=0 --no-install-recommends)
  # The libraries first: what they leave behind is not ours.
  "${apt[@]}" satisfy "$(dpkg-deb --field "$deb" Depends)" >/opt/log 2>&1 || fail "$(tail /opt/log)"
  useradd --create-home --shell /bin/bash person
  install -d -o person -g person -m 700 /run/user/1000
  snapshot >/opt/before
  "${apt[@]}" install "$deb" >/opt/log 2>&1 || fail "$(tail /opt/log)"
  [[ $(grep -c '^Setting up' /opt/log) == 1 ]] || fail "More than Daypass was installed: $(</opt/log)"
  runuser --user person -- env --ignore-environment --chdir=/home/person HOME=/home/person PATH=/usr/bin:/bin LANG=C.UTF-8 \
    XDG_RUNTIME_DIR=/run/user/1000 VERSION="$(dpkg-deb --field "$deb" Version)" bash /opt/inside.sh use
  "${apt[@]}" purge daypass >/opt/log 2>&1 || fail "$(tail /opt/log)"
  snapshot >/opt/after
  diff /opt/before /opt/after || fail 'Purging left (>) or took (<) these.'
  look_at_home
}

# Every path with type, owner and mode, but for what changes by itself, belongs to the person (/run/user is emptied when
# they log out) or to the display.
snapshot() {
  find / \( -path /dev -o -path /home -o -path /opt -o -path /proc -o -path /run/user -o -path /sys -o \
    -path /tmp/.X11-unix -o -path /var/cache/apt -o -path /var/lib/apt -o -path /var/lib/dpkg -o -path /var/log \) -prune -o -printf '%p %y %u:%g %m\n' | sort
}

# What a person's first quarter of an hour touches.
use() {
  [[ $(daypass --version) == "daypass $VERSION" ]]
  local program
  for program in desktop agent practice; do
    [[ $(daypass-$program --version) == "daypass-$program $VERSION" ]] || fail "$(daypass-$program --version)"
    man daypass-$program | grep "daypass-$program - " >/dev/null || fail "daypass-$program has no man page."
  done
  man daypass | grep 'AWS access that expires on time' >/dev/null || fail 'There is no man page.'
  look_at_completions
  sign_in
  quit
  open_window
  quit
}

look_at_completions() {
  local found
  # shellcheck disable=SC1091
  found=$(
    set +eu
    . /usr/share/bash-completion/bash_completion
    # Newer ones call it _comp_load.
    __load_completion daypass 2>/dev/null || _comp_load daypass
    COMP_WORDS=(daypass sess) COMP_CWORD=1
    _daypass daypass sess daypass
    echo "${COMPREPLY[*]}"
  )
  [[ $found == sessions ]] || fail "bash completes sess to: $found"
  found=$(fish --command "complete --do-complete 'daypass sess'" | cut -f 1)
  [[ $found == sessions ]] || fail "fish completes sess to: $found"
  found=$(zsh -fc 'autoload -Uz compinit; compinit -D; print $_comps[daypass]; autoload +X _daypass')
  [[ $found == _daypass* ]] || fail "zsh completes with: $found"
}

# By the command alone: the agent and the practice organisation are found beside it. curl presses Allow.
sign_in() {
  cat >browser <<'END'
#!/bin/sh
asks=$(curl -sS -L -w '%{url_effective}' "$1")
id=$(echo "$asks" | sed -n 's/.*name="id" value="\([0-9a-f]*\)".*/\1/p')
address=$(echo "$asks" | sed -n '$s/.*\(http:[^?]*\).*/\1/p')
curl -sS -L -d "id=$id" -d decision=allow "$address" >/dev/null
END
  chmod +x browser
  DAYPASS_BROWSER="$PWD/browser %s" timeout 60 daypass practice >/dev/null
  rm browser
  until_true 'the roles are there' '[[ $(daypass roles | wc -l) -gt 200 ]]'
  local role
  role=$(daypass roles --json | tr -d ' \n' | sed -E \
    's/^\[?\{"account":"([0-9]*)",.*/\1 &/; s/^([0-9]*) [^}]*"role":"([^"]*)".*/\2@\1/')
  daypass request "$role" --for 15m >/dev/null
  local ask='curl -sS -H "Authorization: $AWS_CONTAINER_AUTHORIZATION_TOKEN" "$AWS_CONTAINER_CREDENTIALS_FULL_URI"'
  daypass exec -- sh -c "$ask" | grep '"AccessKeyId"' >/dev/null || fail 'A program got no access from its lease.'
  daypass status --json | grep -qE '"liveSessions": ?1' || fail "$(daypass status --json)"
  daypass sign-out >/dev/null
  until_true 'the agent has gone on afresh' 'pgrep --uid person --full "daypass-agent --afresh"'
}

# It is shown once its page has loaded.
open_window() {
  Xvfb -displayfd 3 -screen 0 1280x900x24 3>display >/dev/null 2>&1 &
  local screen=$!
  until_true 'the display is there' '[[ -s display ]]'
  DISPLAY=:$(<display)
  export DISPLAY
  daypass-desktop >window.log 2>&1 &
  local window=$!
  until_true 'the window is there' 'xwininfo -name Daypass | grep -q IsViewable' || fail "$(<window.log)"
  xprop -name Daypass WM_CLASS | grep -q '"daypass-desktop"' || fail "$(xprop -name Daypass WM_CLASS)"
  until_true 'the window has started an agent' "daypass status --json | grep -qE '\"agentRuns\": ?true'"
  kill $window
  wait $window || fail "The window left with $?."
  kill $screen
  rm display window.log
}

quit() {
  daypass quit >/dev/null
  until_true 'agent and practice organisation have gone' '! pgrep --uid person "^daypass"'
}

until_true() {
  local tries
  for ((tries = 0; tries < 150; tries += 1)); do
    if eval "$2" >/dev/null 2>&1; then return 0; fi
    sleep 0.2
  done
  fail "Not within 30 seconds: $1."
}

# Settings and what is remembered stay; all of it says whose it is. The cache of shaders is the graphics library's.
look_at_home() {
  local others
  find /home/person -mindepth 1 -type f | sort | sed 's/^/  stays: /'
  others=$(find /home/person -type f | grep -vE '/[^/]*daypass[^/]*/|/\.cache/mesa_shader_cache|/\.(bash|profile)[^/]*$' || true)
  if grep --recursive --extended-regexp --files-with-matches 'ASIA[A-Z2-7]{16}' /home/person; then fail 'There are credentials.'; fi
  [[ -z $others ]] || fail "These do not say whose they are: $others"
}

fail() {
  printf '%s\n' "$1" >&2
  exit 1
}

"${1:-main}"
