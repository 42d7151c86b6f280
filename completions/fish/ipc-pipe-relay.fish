source (status dirname)/ipcbox.fish

function __ipc_pipe_relay_ends
    printf '%s\n' fd: unix: unix-listen:
    set --local word (commandline -ct)
    set --local form (string match -r '^unix(?:-listen)?:' -- $word)
    and printf "$form%s\n" (__fish_complete_path (string replace -r '^unix(-listen)?:' '' -- $word) | string replace -r '\t.*' '')
end

complete -c ipc-pipe-relay -l to -d "The operands from here on are sinks"
complete -c ipc-pipe-relay -s b -l buffer -x -a '0 unlimited (__ipcbox_sizes)' -d "Hold up to SIZE between the ends"
complete -c ipc-pipe-relay -l spill -x -a '(__fish_complete_directories)' -d "Hold what is more than memory in a file in DIR"
complete -c ipc-pipe-relay -s F -l frame -x -a 'line nul' -d "How records end"
complete -c ipc-pipe-relay -s 0 -l null -d "The same as -F nul"
complete -c ipc-pipe-relay -l slow -x -a 'block drop cut' -d "What becomes of a slow sink"
complete -c ipc-pipe-relay -s k -l keep-open -d "Outlive the last writer and the last reader of a FIFO"
complete -c ipc-pipe-relay -l mkfifo -d "Make a FIFO of a missing path, for this run"
complete -c ipc-pipe-relay -s m -l mode -x -a '0600 0640 0660' -d "Permission bits of what is made"
complete -c ipc-pipe-relay -l append -d "Append to a sink that is a regular file"
complete -c ipc-pipe-relay -l truncate -d "Overwrite a sink that is a regular file"
complete -c ipc-pipe-relay -s R -l rate -x -a '(__ipcbox_sizes)' -d "Bytes a second to each sink"
complete -c ipc-pipe-relay -s s -l size -x -a '(__ipcbox_sizes)' -d "Bytes that will come"
complete -c ipc-pipe-relay -l stats -d "Print a summary at the end"
complete -c ipc-pipe-relay -s j -l json -d "The summary as JSON"
complete -c ipc-pipe-relay -l drain-timeout -x -a '(__ipcbox_durations)' -d "After a signal, time to deliver"
complete -c ipc-pipe-relay -s n -l nonblock -d "Do not wait for the other side"
complete -c ipc-pipe-relay -s t -l timeout -x -a '(__ipcbox_durations)' -d "Bound each wait for the other side"
complete -c ipc-pipe-relay -s q -l quiet -d "Do not say what status 3 says already"
complete -c ipc-pipe-relay -s v -l verbose -d "Say more, on standard error"
complete -c ipc-pipe-relay -s P -l progress -d "Draw amount, rate and time on the terminal"
complete -c ipc-pipe-relay -s h -l help -d "Print this help"
complete -c ipc-pipe-relay -l usage -d "Print the synopsis"
complete -c ipc-pipe-relay -s V -l version -d "Print the version"
complete -c ipc-pipe-relay -a "(__ipc_pipe_relay_ends)"
