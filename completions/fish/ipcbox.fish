# What the completions of all tools share.

# __ipcbox_refs KIND ...: the objects of these kinds that exist, as the tools print
# them: no name can forge another.
function __ipcbox_refs
    command -q ipc-ls
    and command ipc-ls --refs --kind=(string join , $argv) 2>/dev/null |
        string replace -r '^[a-z]*:(/|id).*' '$0\t$1' |
        string replace -r '\t/$' '\tPOSIX' | string replace -r '\tid$' '\tSystem V'
end

# __ipcbox_new KIND: how a new one can be called.
function __ipcbox_new
    printf '%s\n' $argv:/
    test $argv = ring
    or printf '%s\n' $argv:private $argv:key: $argv:ftok:
end

function __ipcbox_units
    for number in (commandline -ct | string match -r '[0-9]+')
        printf '%s\n' $number$argv
    end
end

# __ipcbox_list WORD ...: the next word of a list with commas, one that is not in it yet.
function __ipcbox_list
    set -l before (commandline -ct | string match -r '^.*[,+=]' | string replace -r '^.*=' '')
    for word in $argv
        contains -- (string split -f 1 \t -- $word) (string split , -- $before | string trim -l -c +)
        or printf '%s\n' "$before$word"
    end
end

function __ipcbox_sizes
    printf '%s\n' 4K 64K 1M
    __ipcbox_units K M G
end

function __ipcbox_durations
    printf '%s\n' 100ms 1s 1m
    __ipcbox_units ms s m h
end

# __ipcbox_ref KIND: the number of the word that is the REF; a FILE of an option is none.
function __ipcbox_ref
    set -l words (commandline -opc)
    for at in (seq 2 (count $words))
        string match -qr "^$argv:|^(/|id:|key:|ftok:)|^private\$" -- $words[$at]
        and not string match -qr '^(--dead-letter|--input|-[a-zA-Z0]*i)$' -- $words[(math $at - 1)]
        and echo $at
        and return
    end
    return 1
end

# True where no REF of this kind stands on the line yet, nor a "--".
function __ipcbox_wants
    not __ipcbox_ref $argv >/dev/null
    and not contains -- -- (commandline -opc)
end

# True where the COMMAND of "ipc-sem run" stands or has begun.
function __ipcbox_runs
    contains -- run (commandline -opc)[2]
    and __ipcbox_ref sem >/dev/null
end

# True where the subcommand of the line is one of these, and no COMMAND of "run" has begun.
function __ipcbox_verb
    set -l words (commandline -opc)
    set -q words[2]
    and contains -- $words[2] $argv
    and not __ipcbox_runs
end

# True where the line has no subcommand yet.
function __ipcbox_needs_verb
    test (count (commandline -opc)) -eq 1
end

# What may stand behind word number N of the line: a COMMAND and its words.
function __ipcbox_behind
    set -l words (commandline -opc | tail -n +(math $argv + 1) | string escape)
    set -l line (string join -- ' ' $words "$(commandline -ct)")
    complete --do-complete="$line"
end

# A COMMAND behind the "--" on the line.
function __ipcbox_command
    for at in (contains -i -- -- (commandline -opc))
        __ipcbox_behind $at
    end
end

# __ipcbox_command_behind N: a COMMAND behind word number N of the line, and a "--" behind that.
function __ipcbox_command_behind
    set -l words (commandline -opc)
    test "$words[$(math $argv + 1)]" = --
    and set argv (math $argv + 1)
    __ipcbox_behind $argv
end
