source (status dirname)/ipcbox.fish

complete -c ipc-ring-get -f
complete -c ipc-ring-get -s 0 -l null -d "The same as -F nul"
complete -c ipc-ring-get -s a -l all -d "Take all that are there now"
complete -c ipc-ring-get -l at-most-once -d "Take, then write; nothing comes twice"
complete -c ipc-ring-get -s c -l count -x -d "Take N records"
complete -c ipc-ring-get -s f -l follow -d "Take every one from now on"
complete -c ipc-ring-get -s F -l frame -x -a 'line nul netstring json whole' -d "How records stand"
complete -c ipc-ring-get -s j -l json -d "The same as -F json"
complete -c ipc-ring-get -s n -l nonblock -d "Do not wait"
complete -c ipc-ring-get -l peek -d "Show what is there now, and leave it there"
complete -c ipc-ring-get -s P -l progress -d "Draw amount, rate and time on the terminal"
complete -c ipc-ring-get -s q -l quiet -d "Do not say what statuses 3, 4 and 5 say already"
complete -c ipc-ring-get -s t -l timeout -x -a '(__ipcbox_durations)' -d "Bound each wait"
complete -c ipc-ring-get -s v -l verbose -d "Say more, on standard error"
complete -c ipc-ring-get -s h -l help -d "Print this help"
complete -c ipc-ring-get -l usage -d "Print the synopsis"
complete -c ipc-ring-get -s V -l version -d "Print the version"
complete -c ipc-ring-get -n '__ipcbox_wants ring' -a '(__ipcbox_refs ring)'
