"""How bash, zsh and fish are taught to ask the program what completes a word."""

from __future__ import annotations

_BASH = """\
# bash: words of lossctl
_lossctl() {
    local kind= line
    COMPREPLY=()
    while IFS= read -r line; do
        if [ -z "$kind" ]; then kind=$line; else COMPREPLY+=("$line"); fi
    done < <(_LOSSCTL_COMPLETE=bash "${1/#\\~\\//$HOME/}" "${COMP_LINE:0:COMP_POINT}" \\
        "$COMP_WORDBREAKS" 2>/dev/null)
    case $kind in
        files|"") COMPREPLY=() ;;
        both)
            while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$2")
            compopt -o filenames 2>/dev/null ;;
        *) compopt +o default +o bashdefault 2>/dev/null ;;
    esac
    case ${#COMPREPLY[@]}:${COMPREPLY[0]} in
        1:*[=:]) compopt -o nospace 2>/dev/null ;;
    esac
}
complete -o bashdefault -o default -F _lossctl lossctl
"""

_ZSH = """\
#compdef lossctl
# zsh: words of lossctl
_lossctl() {
    local -a lines words_ open_
    local kind last line value about
    lines=("${(@f)$(_LOSSCTL_COMPLETE=zsh ${~words[1]} "${(@Q)words[2,CURRENT-1]}" \\
        "${(Q)PREFIX}" 2>/dev/null)}")
    kind=${lines[1]%%$'\\t'*} last=${lines[1]#*$'\\t'}
    for line in "${(@)lines[2,-1]}"; do
        value=${${line%%$'\\t'*}//:/\\\\:} about=${line#*$'\\t'}
        if [[ $value == *[=] ]]; then
            open_+=("$value${about:+:$about}")
        else
            words_+=("$value${about:+:$about}")
        fi
    done
    [[ $kind == (files|both) ]] && _files
    [[ -n $last ]] && compset -P "*${(b)last}"
    (( $#words_ )) && _describe -t values value words_
    (( $#open_ )) && _describe -t values value open_ -S ''
    return 0
}
if [[ $funcstack[1] == _lossctl ]]; then
    _lossctl "$@"
else
    compdef _lossctl lossctl
fi
"""

_FISH = """\
# fish: words of lossctl
function __lossctl_words
    set -l words (commandline -opc)
    set -l program $words[1]
    set -e words[1]
    set -l current (commandline -ct | string trim --left --chars '\\'"')
    set -l lines (_LOSSCTL_COMPLETE=fish $program $words "$current" 2>/dev/null)
    set -l kind $lines[1]
    set -e lines[1]
    string join \\n -- $lines
    if contains -- $kind files both
        __fish_complete_path "$current"
    end
end
complete -c lossctl -f -a '(__lossctl_words)'
"""

SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}
