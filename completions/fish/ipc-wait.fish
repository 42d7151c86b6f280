source (status dirname)/ipcbox.fish

complete -c ipc-wait -f
complete -c ipc-wait -s i -l interval -x -a '(__ipcbox_durations)' -d "Look so often where nothing tells"
complete -c ipc-wait -s n -l nonblock -d "Do not wait"
complete -c ipc-wait -s q -l quiet -d "Do not say what status 4 says already"
complete -c ipc-wait -s t -l timeout -x -a '(__ipcbox_durations)' -d "Give up after that time"
complete -c ipc-wait -s h -l help -d "Print this help"
complete -c ipc-wait -l usage -d "Print the synopsis"
complete -c ipc-wait -s V -l version -d "Print the version"
complete -c ipc-wait -n "test (count (commandline -opc)) -eq 1" -a "(__ipcbox_refs shm mq sem ring)"
complete -c ipc-wait -n "test (count (commandline -opc)) -ge 2" -a "exists gone empty nonempty full room unheld held value-ge= value-le= messages-ge= messages-le="
