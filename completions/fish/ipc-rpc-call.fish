source (status dirname)/ipcbox.fish

complete -c ipc-rpc-call -f
complete -c ipc-rpc-call -s E -l conflict-status -x -d "The status when the time is up"
complete -c ipc-rpc-call -s t -l timeout -x -a '(__ipcbox_durations)' -d "Bound each call, and wait so long for a server"
complete -c ipc-rpc-call -s h -l help -d "Print this help"
complete -c ipc-rpc-call -l usage -d "Print the synopsis"
complete -c ipc-rpc-call -s V -l version -d "Print the version"
complete -c ipc-rpc-call -n '__ipcbox_wants mq' -a '(__ipcbox_refs mq)'
