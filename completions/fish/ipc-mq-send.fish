source (status dirname)/ipcbox.fish

complete -c ipc-mq-send -f
complete -c ipc-mq-send -s 0 -l null -d "The same as -F nul"
complete -c ipc-mq-send -s F -l frame -x -a 'line nul netstring json whole' -d "How records stand"
complete -c ipc-mq-send -s j -l json -d "The same as -F json"
complete -c ipc-mq-send -s n -l nonblock -d "Do not wait"
complete -c ipc-mq-send -s p -l priority -x -d "POSIX, 0 to 32767, the most urgent"
complete -c ipc-mq-send -s P -l progress -d "Draw amount, rate and time on the terminal"
complete -c ipc-mq-send -s q -l quiet -d "Do not say what statuses 3, 4 and 5 say already"
complete -c ipc-mq-send -s t -l timeout -x -a '(__ipcbox_durations)' -d "Bound each wait"
complete -c ipc-mq-send -s v -l verbose -d "Say more, on standard error"
complete -c ipc-mq-send -s y -l type -x -d "System V, 1 or more"
complete -c ipc-mq-send -s h -l help -d "Print this help"
complete -c ipc-mq-send -l usage -d "Print the synopsis"
complete -c ipc-mq-send -s V -l version -d "Print the version"
complete -c ipc-mq-send -n '__ipcbox_wants mq' -a '(__ipcbox_refs mq)'
