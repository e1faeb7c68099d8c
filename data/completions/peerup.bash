# bash completion for peerup; SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright The Peer-Up authors
#
# What can stand here is asked of the program, which knows its commands and this device.

_peerup()
{
  local current=${COMP_WORDS[COMP_CWORD]} line file
  local program=${COMP_WORDS[0]/#\~\//$HOME/}

  COMPREPLY=()
  [[ $current == = ]] && current=
  while IFS= read -r line; do
    case $line in
      :files | :directories)
        compopt -o filenames
        while IFS= read -r file; do
          COMPREPLY+=("$file")
        done < <(if [[ $line == :files ]]; then compgen -f -- "$current"; else compgen -d -- "$current"; fi)
        ;;
      *)
        COMPREPLY+=("${line%%$'\t'*}")
        ;;
    esac
  done < <("$program" __complete bash "$COMP_CWORD" -- "${COMP_WORDS[@]:1}" 2> /dev/null)
}

complete -F _peerup peerup
