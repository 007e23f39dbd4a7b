# Read in place of .zshenv. ZDOTDIR is as it was, so zsh finds the person's other files by itself.
if [[ -r ${ZDOTDIR-$HOME}/.zshenv ]]; then source "${ZDOTDIR-$HOME}/.zshenv"; fi

_daypass_precmd() {
    local told
    if [[ -z ${_daypass_is_over-} ]]; then
        told=$("$_daypass_program" prompt zsh 2>/dev/null) || [[ $? != 4 ]] || typeset -g _daypass_is_over=yes
        if [[ -n $told ]]; then
            typeset -g _daypass_title=${told%%$'\n'*} _daypass_lease=${told#*$'\n'}
        fi
    fi
    print -rn -- "${_daypass_title-}"
    _daypass_wear
    # Whoever comes after us may set the prompt: then we look once more, and come last from now on.
    if [[ ${precmd_functions[-1]} != _daypass_precmd ]]; then
        precmd_functions=(${precmd_functions[@]:#_daypass_precmd} _daypass_precmd)
        autoload -Uz add-zle-hook-widget
        add-zle-hook-widget line-init _daypass_line_init
    fi
}

# Parameters are expanded once, where they are at all: no name in them can run anything. Its % are doubled already.
_daypass_wear() {
    local worn=${_daypass_lease-}
    if [[ -o promptsubst ]]; then worn='${_daypass_lease-}'; fi
    PROMPT=$worn${PROMPT/"${_daypass_worn-}"/}
    typeset -g _daypass_worn=$worn
}

_daypass_line_init() {
    add-zle-hook-widget -d line-init _daypass_line_init
    if [[ $PROMPT != "$_daypass_worn"* ]]; then
        _daypass_wear
        zle reset-prompt
        print -rn -- "${_daypass_title-}"
    fi
}

if [[ -o interactive ]]; then
    typeset -ga precmd_functions
    precmd_functions+=(_daypass_precmd)
fi
