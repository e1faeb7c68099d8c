# fish completion for peerup; SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
#
# What can stand here is asked of the program, which knows its commands and this device.

function __peerup_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program $words[1]
    set -l index (count $words)
    set -e words[1]
    for line in (eval (string escape -- $program | string replace -r '^\\\\~/' '~/') __complete fish $index -- (string escape -- $words) (string escape -- "$current") 2> /dev/null)
        switch $line
            case ':files'
                __fish_complete_path (string replace -r '^--[^=]*=' '' -- "$current")
            case ':directories'
                __fish_complete_directories (string replace -r '^--[^=]*=' '' -- "$current")
            case '*'
                printf '%s\n' $line
        end
    end
end

complete -c peerup -f -a '(__peerup_complete)'
