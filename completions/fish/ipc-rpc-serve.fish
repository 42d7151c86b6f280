source (status dirname)/ipcbox.fish

complete -c ipc-rpc-serve -f
complete -c ipc-rpc-serve -n 'not __ipcbox_ref mq >/dev/null' -s 0 -l null -d "The same as -F nul"
complete -c ipc-rpc-serve -n 'not __ipcbox_ref mq >/dev/null' -l command-timeout -x -a '(__ipcbox_durations)' -d "End a COMMAND that takes longer"
complete -c ipc-rpc-serve -n 'not __ipcbox_ref mq >/dev/null' -l coprocess -d "One running COMMAND answers record by record"
complete -c ipc-rpc-serve -n 'not __ipcbox_ref mq >/dev/null' -l create -d "Make the queue, print its REF, remove it at the end"
complete -c ipc-rpc-serve -n 'not __ipcbox_ref mq >/dev/null' -s F -l frame -x -a 'line nul netstring json' -d "How records stand"
complete -c ipc-rpc-serve -n 'not __ipcbox_ref mq >/dev/null' -s j -l json -d "The same as -F json"
complete -c ipc-rpc-serve -n 'not __ipcbox_ref mq >/dev/null' -s m -l mode -x -a '0600 0640 0660' -d "With --create, permission bits"
complete -c ipc-rpc-serve -n 'not __ipcbox_ref mq >/dev/null' -s v -l verbose -d "Say more, on standard error"
complete -c ipc-rpc-serve -n 'not __ipcbox_ref mq >/dev/null' -s w -l workers -x -d "Run N commands at a time"
complete -c ipc-rpc-serve -n 'not __ipcbox_ref mq >/dev/null' -s h -l help -d "Print this help"
complete -c ipc-rpc-serve -n 'not __ipcbox_ref mq >/dev/null' -l usage -d "Print the synopsis"
complete -c ipc-rpc-serve -n 'not __ipcbox_ref mq >/dev/null' -s V -l version -d "Print the version"
complete -c ipc-rpc-serve -n 'not __ipcbox_ref mq >/dev/null' -a '(__ipcbox_refs mq)'
complete -c ipc-rpc-serve -n 'not __ipcbox_ref mq >/dev/null; and contains -- --create (commandline -opc)' -a '(__ipcbox_new mq)'
complete -c ipc-rpc-serve -n '__ipcbox_ref mq >/dev/null' -a '(__ipcbox_command_behind (__ipcbox_ref mq))'
