# Read in place of ~/.bashrc, after the system's own.
if [[ -r ~/.bashrc ]]; then . ~/.bashrc; fi

# Parameters in PS1 are expanded once: no name in them can run anything.
_daypass_prompt() {
    local told
    if [[ -z ${_daypass_is_over-} ]]; then
        told=$("$_daypass_program" prompt bash 2>/dev/null) || [[ $? != 4 ]] || _daypass_is_over=yes
        if [[ -n $told ]]; then
            _daypass_title=${told%%$'\n'*}
            _daypass_lease=${told#*$'\n'}
        fi
    fi
    # Whoever sets PS1 at each prompt has just done so. Our title comes after theirs.
    if shopt -q promptvars && [[ $PS1 != *'${_daypass_lease-}'* ]]; then
        PS1='${_daypass_lease-}'$PS1'${_daypass_title-}'
    fi
}

# Last, and as part of what is there: bash before 5.1 runs only the first of several. Nothing in a bash inside this one,
# which finds the variable where the person exports it.
if [[ -v 'PROMPT_COMMAND[1]' ]]; then
    PROMPT_COMMAND[-1]+=$'\n${_daypass_program:+_daypass_prompt}'
else
    PROMPT_COMMAND+=$'\n${_daypass_program:+_daypass_prompt}'
fi
