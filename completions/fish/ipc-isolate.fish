source (status dirname)/ipcbox.fish

# The number of the word before COMMAND: the line has one behind it, or is to get one.
function __ipc_isolate_options
    set --local words (commandline -opc)
    set --local at 1
    while string match -q -- '-?*' $words[(math $at + 1)]
        set at (math $at + 1)
        test $words[$at] != --
        or break
        test $words[$at] != --shm-size
        or set at (math $at + 1)
    end
    echo $at
end

function __ipc_isolate_runs
    test (__ipc_isolate_options) -lt (count (commandline -opc))
end

complete -c ipc-isolate -n 'not __ipc_isolate_runs' -l shm-size -x -a '(__ipcbox_sizes)' -d "Bytes that /dev/shm holds"
complete -c ipc-isolate -n 'not __ipc_isolate_runs' -s h -l help -d "Print this help"
complete -c ipc-isolate -n 'not __ipc_isolate_runs' -l usage -d "Print the synopsis"
complete -c ipc-isolate -n 'not __ipc_isolate_runs' -s V -l version -d "Print the version"
complete -c ipc-isolate -x -a '(__ipcbox_behind (__ipc_isolate_options))'
