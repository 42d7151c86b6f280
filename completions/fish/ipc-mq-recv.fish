source (status dirname)/ipcbox.fish

complete -c ipc-mq-recv -f
complete -c ipc-mq-recv -s 0 -l null -d "The same as -F nul"
complete -c ipc-mq-recv -l at-least-once -d "System V, copy, deliver, then take"
complete -c ipc-mq-recv -s a -l all -d "Take all that are there now"
complete -c ipc-mq-recv -s c -l count -x -d "Take N messages"
complete -c ipc-mq-recv -l dead-letter -r -F -d "Append to FILE what can be neither delivered nor put back"
complete -c ipc-mq-recv -s E -l conflict-status -x -d "With COMMAND, the status when no message came"
complete -c ipc-mq-recv -s f -l follow -d "Take every one from now on"
complete -c ipc-mq-recv -s F -l frame -x -a 'line nul netstring json whole' -d "How records stand"
complete -c ipc-mq-recv -s j -l json -d "The same as -F json"
complete -c ipc-mq-recv -s n -l nonblock -d "Do not wait"
complete -c ipc-mq-recv -s P -l progress -d "Draw amount, rate and time on the terminal"
complete -c ipc-mq-recv -s q -l quiet -d "Do not say what statuses 3, 4 and 5 say already"
complete -c ipc-mq-recv -s t -l timeout -x -a '(__ipcbox_durations)' -d "Bound each wait"
complete -c ipc-mq-recv -s v -l verbose -d "Say more, on standard error"
complete -c ipc-mq-recv -s y -l type -x -d "System V, type N, up to N (-N) or any but N (not:N)"
complete -c ipc-mq-recv -s h -l help -d "Print this help"
complete -c ipc-mq-recv -l usage -d "Print the synopsis"
complete -c ipc-mq-recv -s V -l version -d "Print the version"
complete -c ipc-mq-recv -n '__ipcbox_wants mq' -a '(__ipcbox_refs mq)'
complete -c ipc-mq-recv -n 'contains -- -- (commandline -opc)' -a '(__ipcbox_command)'
