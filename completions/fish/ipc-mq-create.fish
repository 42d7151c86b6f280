source (status dirname)/ipcbox.fish

complete -c ipc-mq-create -f
complete -c ipc-mq-create -l allow-foreign -d "With -e, accept anybody's"
complete -c ipc-mq-create -s b -l capacity -x -a '(__ipcbox_sizes)' -d "System V, bytes of all messages together"
complete -c ipc-mq-create -s d -l depth -x -d "POSIX, how many messages it holds"
complete -c ipc-mq-create -s e -l exist-ok -d "Accept an existing queue that fits"
complete -c ipc-mq-create -s m -l mode -x -a '0600 0640 0660' -d "Permission bits, octal and exact"
complete -c ipc-mq-create -s q -l quiet -d "Do not say what statuses 3, 4 and 5 say already"
complete -c ipc-mq-create -s s -l message-size -x -a '(__ipcbox_sizes)' -d "POSIX, bytes of the longest message"
complete -c ipc-mq-create -s h -l help -d "Print this help"
complete -c ipc-mq-create -l usage -d "Print the synopsis"
complete -c ipc-mq-create -s V -l version -d "Print the version"
complete -c ipc-mq-create -n '__ipcbox_wants mq' -a '(__ipcbox_new mq)'
complete -c ipc-mq-create -n 'contains -- -- (commandline -opc)' -a '(__ipcbox_command)'
