source (status dirname)/ipcbox.fish

complete -c ipc-set -f
complete -c ipc-set -s b -l capacity -x -a '(__ipcbox_sizes)' -d "Bytes of a System V queue"
complete -c ipc-set -s m -l mode -x -a '0600 0640 0660' -d "Permission bits, octal and exact"
complete -c ipc-set -s u -l owner -x -a '(__fish_complete_users)' -d "User and group"
complete -c ipc-set -s h -l help -d "Print this help"
complete -c ipc-set -l usage -d "Print the synopsis"
complete -c ipc-set -s V -l version -d "Print the version"
complete -c ipc-set -a "(__ipcbox_refs shm mq sem ring)"
