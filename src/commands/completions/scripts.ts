// What each shell is told: it calls us back with the words so far, and completes files where we say nothing.

const bash = `# oompa: completion for bash
_oompa() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("$line")
  done < <(oompa completion --complete="\${COMP_WORDS[COMP_CWORD]}" -- "\${COMP_WORDS[@]:1:COMP_CWORD-1}" 2>/dev/null)
}
complete -o default -o bashdefault -F _oompa oompa
`

const zsh = `#compdef oompa
# oompa: completion for zsh
_oompa() {
  local -a found
  found=("\${(@f)$(oompa completion --complete="\${words[CURRENT]}" -- "\${(@)words[2,CURRENT-1]}" 2>/dev/null)}")
  found=(\${found:#})
  if (( \${#found} )); then compadd -- "\${found[@]}"; else _files; fi
}
if (( \${+functions[compdef]} )); then compdef _oompa oompa; fi
`

const fish = `# oompa: completion for fish
function __oompa_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    oompa completion --complete="$current" -- $words[2..-1] 2>/dev/null
end
complete -c oompa -f -n 'test (count (__oompa_complete)) -gt 0' -a '(__oompa_complete)'
`

export const scripts = { bash, zsh, fish } as const
