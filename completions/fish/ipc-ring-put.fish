source (status dirname)/ipcbox.fish

complete -c ipc-ring-put -f
complete -c ipc-ring-put -l end -d "After the last record, mark that no more will come"
complete -c ipc-ring-put -s 0 -l null -d "The same as -F nul"
complete -c ipc-ring-put -s F -l frame -x -a 'line nul netstring json whole' -d "How records stand"
complete -c ipc-ring-put -s j -l json -d "The same as -F json"
complete -c ipc-ring-put -s n -l nonblock -d "Do not wait"
complete -c ipc-ring-put -s P -l progress -d "Draw amount, rate and time on the terminal"
complete -c ipc-ring-put -s q -l quiet -d "Do not say what statuses 3, 4 and 5 say already"
complete -c ipc-ring-put -l reopen -d "Take the mark of the end away first"
complete -c ipc-ring-put -s t -l timeout -x -a '(__ipcbox_durations)' -d "Bound each wait"
complete -c ipc-ring-put -s v -l verbose -d "Say more, on standard error"
complete -c ipc-ring-put -s h -l help -d "Print this help"
complete -c ipc-ring-put -l usage -d "Print the synopsis"
complete -c ipc-ring-put -s V -l version -d "Print the version"
complete -c ipc-ring-put -n '__ipcbox_wants ring' -a '(__ipcbox_refs ring)'
