source (status dirname)/ipcbox.fish

complete -c ipc-shm-create -f
complete -c ipc-shm-create -l allow-foreign -d "With -e or -r, also anybody's"
complete -c ipc-shm-create -s e -l exist-ok -d "Accept an existing object that fits"
complete -c ipc-shm-create -l huge -x -a '2M 1G' -d "System V, use huge pages of this size"
complete -c ipc-shm-create -s i -l input -r -F -d "Fill it with a file"
complete -c ipc-shm-create -s m -l mode -x -a '0600 0640 0660' -d "Permission bits, octal and exact"
complete -c ipc-shm-create -s q -l quiet -d "Do not say what statuses 3, 4 and 5 say already"
complete -c ipc-shm-create -s r -l replace -d "POSIX, put it in the place of an existing one"
complete -c ipc-shm-create -s s -l size -x -a '(__ipcbox_sizes)' -d "Bytes"
complete -c ipc-shm-create -l sparse -d "Do not reserve its memory"
complete -c ipc-shm-create -s h -l help -d "Print this help"
complete -c ipc-shm-create -l usage -d "Print the synopsis"
complete -c ipc-shm-create -s V -l version -d "Print the version"
complete -c ipc-shm-create -n '__ipcbox_wants shm' -a '(__ipcbox_new shm)'
complete -c ipc-shm-create -n 'contains -- -- (commandline -opc)' -a '(__ipcbox_command)'
