function __ipc_mq_create_units
    for number in (commandline -ct | string match -r '[0-9]+')
        printf '%s\n' $number$argv
    end
end

function __ipc_mq_create_command
    for at in (contains -i -- -- (commandline -opc))
        for tokens in (commandline -opc | tail -n +(math $at + 1) | string escape | string join ' ')
            complete -C "$tokens "(commandline -ct)
            return
        end
        complete -C (commandline -ct)
    end
end

complete -c ipc-mq-create -f
complete -c ipc-mq-create -l allow-foreign -d "With -e, accept anybody's"
complete -c ipc-mq-create -s b -l capacity -x -a '1K 64K 1M (__ipc_mq_create_units K M G)' -d "System V, bytes of all messages together"
complete -c ipc-mq-create -s d -l depth -x -d "POSIX, how many messages it holds"
complete -c ipc-mq-create -s e -l exist-ok -d "Accept an existing queue that fits"
complete -c ipc-mq-create -s m -l mode -x -a '0600 0640 0660' -d "Permission bits, octal and exact"
complete -c ipc-mq-create -s q -l quiet -d "Do not say what statuses 3, 4 and 5 say already"
complete -c ipc-mq-create -s s -l message-size -x -a '1K 64K 1M (__ipc_mq_create_units K M G)' -d "POSIX, bytes of the longest message"
complete -c ipc-mq-create -s h -l help -d "Print this help"
complete -c ipc-mq-create -l usage -d "Print the synopsis"
complete -c ipc-mq-create -s V -l version -d "Print the version"
complete -c ipc-mq-create -n "not string match -q 'mq:*' (commandline -opc); and not contains -- -- (commandline -opc)" -a "mq:/ mq:private mq:key: mq:ftok:"
complete -c ipc-mq-create -n "contains -- -- (commandline -opc)" -a "(__ipc_mq_create_command)"
