source (status dirname)/ipcbox.fish

complete -c ipc-sem -f
complete -c ipc-sem -n 'not __ipcbox_runs' -s h -l help -d "Print this help"
complete -c ipc-sem -n 'not __ipcbox_runs' -l usage -d "Print the synopsis"
complete -c ipc-sem -n 'not __ipcbox_runs' -s V -l version -d "Print the version"
complete -c ipc-sem -n __ipcbox_needs_verb -a create -d "make a semaphore and print its reference"
complete -c ipc-sem -n __ipcbox_needs_verb -a post -d "add to it"
complete -c ipc-sem -n __ipcbox_needs_verb -a wait -d "take from it, waiting until that can be done"
complete -c ipc-sem -n __ipcbox_needs_verb -a value -d "print its value, and who waits"
complete -c ipc-sem -n __ipcbox_needs_verb -a set -d "give it another value"
complete -c ipc-sem -n __ipcbox_needs_verb -a op -d "several steps on a System V set, all or none"
complete -c ipc-sem -n __ipcbox_needs_verb -a run -d "hold it while a command runs"

complete -c ipc-sem -n 'not __ipcbox_needs_verb; and not __ipcbox_runs' -s q -l quiet -d "Do not say what statuses 3, 4 and 5 say already"
complete -c ipc-sem -n '__ipcbox_verb create' -l allow-foreign -d "With -e, accept anybody's"
complete -c ipc-sem -n '__ipcbox_verb create' -s e -l exist-ok -d "Accept an existing one that fits"
complete -c ipc-sem -n '__ipcbox_verb create' -l values -x -d "One value, or one a member (System V)"
complete -c ipc-sem -n '__ipcbox_verb create run' -s m -l mode -x -a '0600 0640 0660' -d "Permission bits, octal and exact"
complete -c ipc-sem -n '__ipcbox_verb post wait run' -s c -l count -x -d "Take or add N at once"
complete -c ipc-sem -n '__ipcbox_verb post wait value set run' -s i -l index -x -d "System V, the member of the set"
complete -c ipc-sem -n '__ipcbox_verb wait op run' -s n -l nonblock -d "Do not wait"
complete -c ipc-sem -n '__ipcbox_verb wait op run' -s t -l timeout -x -a '(__ipcbox_durations)' -d "Bound each wait"
complete -c ipc-sem -n '__ipcbox_verb wait value op run' -s v -l verbose -d "Say more"
complete -c ipc-sem -n '__ipcbox_verb op run' -s E -l conflict-status -x -d "With COMMAND, the status when it is busy"
complete -c ipc-sem -n '__ipcbox_verb value' -s j -l json -d "A JSON object a line"
complete -c ipc-sem -n '__ipcbox_verb set' -l force -d "System V, even while it may be in use"
complete -c ipc-sem -n '__ipcbox_verb run' -l create -x -d "Make it with value N if it is missing"

complete -c ipc-sem -n '__ipcbox_verb create; and __ipcbox_wants sem' -a '(__ipcbox_new sem)'
complete -c ipc-sem -n '__ipcbox_verb post wait value set op run; and __ipcbox_wants sem' -a '(__ipcbox_refs sem)'
complete -c ipc-sem -n '__ipcbox_verb set; and not __ipcbox_wants sem' -a '0 1' -d "The value"
complete -c ipc-sem -n '__ipcbox_verb op; and not __ipcbox_wants sem; and not contains -- -- (commandline -opc)' -a '0:-1\t"Take from member 0" 0:+1\t"Add to member 0" 0:0\t"Wait until member 0 is 0"'
complete -c ipc-sem -n '__ipcbox_verb create op; and contains -- -- (commandline -opc)' -a '(__ipcbox_command)'
complete -c ipc-sem -n __ipcbox_runs -a '(__ipcbox_command_behind (__ipcbox_ref sem))'
