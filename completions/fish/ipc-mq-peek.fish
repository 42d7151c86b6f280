source (status dirname)/ipcbox.fish

complete -c ipc-mq-peek -f
complete -c ipc-mq-peek -s 0 -l null -d "The same as -F nul"
complete -c ipc-mq-peek -s c -l count -x -d "Show N messages at most"
complete -c ipc-mq-peek -s F -l frame -x -a 'line nul netstring json whole' -d "How records stand"
complete -c ipc-mq-peek -s j -l json -d "The same as -F json"
complete -c ipc-mq-peek -s q -l quiet -d "Do not say what statuses 3, 4 and 5 say already"
complete -c ipc-mq-peek -s v -l verbose -d "Say more, on standard error"
complete -c ipc-mq-peek -s y -l type -x -d "Of type N, up to N (-N) or any but N (not:N)"
complete -c ipc-mq-peek -s h -l help -d "Print this help"
complete -c ipc-mq-peek -l usage -d "Print the synopsis"
complete -c ipc-mq-peek -s V -l version -d "Print the version"
complete -c ipc-mq-peek -n '__ipcbox_wants mq' -a '(__ipcbox_refs mq)'
