# Read after everything of the person's own.
function _daypass_ask --on-event fish_prompt
    if not set -q _daypass_is_over
        set -l told ($_daypass_program prompt fish 2>/dev/null)
        if test $status = 4
            set -g _daypass_is_over yes
        end
        if set -q told[2]
            set -g _daypass_title $told[1]
            set -g _daypass_lease $told[2]
        end
    end
end

# What fish shows before fish_prompt: that one finds $status and $pipestatus as they were.
if functions -q fish_mode_prompt
    functions -c fish_mode_prompt _daypass_mode_prompt
else
    function _daypass_mode_prompt
    end
end
function fish_mode_prompt
    printf %s $_daypass_lease
    _daypass_mode_prompt
end

function fish_title
    echo $_daypass_title
end
