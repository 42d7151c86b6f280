source (status dirname)/ipcbox.fish

complete -c ipc-ring-create -f
complete -c ipc-ring-create -l allow-foreign -d "With -e, accept anybody's"
complete -c ipc-ring-create -s s -l capacity -x -a '(__ipcbox_sizes)' -d "Bytes of the records that wait; the next power of two"
complete -c ipc-ring-create -s e -l exist-ok -d "Accept an existing ring that fits"
complete -c ipc-ring-create -s m -l mode -x -a '0600 0640 0660' -d "Permission bits, octal and exact"
complete -c ipc-ring-create -s q -l quiet -d "Do not say what statuses 3, 4 and 5 say already"
complete -c ipc-ring-create -s h -l help -d "Print this help"
complete -c ipc-ring-create -l usage -d "Print the synopsis"
complete -c ipc-ring-create -s V -l version -d "Print the version"
complete -c ipc-ring-create -n '__ipcbox_wants ring' -a '(__ipcbox_new ring)'
complete -c ipc-ring-create -n 'contains -- -- (commandline -opc)' -a '(__ipcbox_command)'
