#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What shells offer where a line with traceshim is completed: what its help texts say, and what is stored.

bats_require_minimum_version 1.5.0
load helper

setup() {
	scratch
	PATH=$root/build:$PATH
	rules '[pipeline]' 'learn = int job(const char *name, int parts)'
	commands=$(traceshim help | sed -n 's/^  \([a-z]*\)  .*/\1/p')
}

teardown() {
	[ ! -e "$work/tmux" ] || tmux -S "$work/tmux" kill-server 2>/dev/null || :
	add_up
}

# candidates WORD...: what bash offers for the last of the words of a line.
candidates() {
	bash --norc -c '
		. "$1"
		shift
		COMP_WORDS=(traceshim "$@") COMP_CWORD=$#
		_traceshim
		printf "%s\n" "${COMPREPLY[@]}"
	' bash "$root/runtime/command/complete/traceshim.bash" "$@" | sort
}

offers() { # CANDIDATES, parted by |; then the words
	local wanted=$1
	shift
	diff <(candidates "$@") <(tr '|' '\n' <<<"$wanted" | sort)
}

@test "complete: the options of every command are those of its help, and it takes them" {
	[ "$(wc -w <<<"$commands")" -ge 10 ]
	for command in $commands; do
		traceshim complete options "$command" >options
		diff <(cut -f 1 options | sort) \
			<(traceshim help "$command" | sed -n 's/^  \(-[a-z]\), \(--[a-z-]*\).*/\1\n\2/p; s/^  \(--[a-z-]*\).*/\1/p' | sort -u)
		# behind a dash, or the tabs would be one
		while read -r option value text; do
			value=${value#-} text=${text#-}
			[[ -z $value || $value == *[A-Z\|]* ]]
			[ -n "$text" ] || [[ $value == *'|'* ]]
			[ "$command" = store ] && set -- init || set --
			[ "$command $option" != "run --json" ] || continue # its value may be left out
			run traceshim "$command" "$@" "$option" ${value:+x} --help
			[[ $output != *"unknown option"* && $output != *"value"* ]] || [[ $output == "usage: "* ]] ||
				{ echo "$command $option: $output"; false; }
		done < <(sed 's/\t/ -/g' options)
	done
}

@test "complete: every option that a command knows is in its help" {
	local command
	for command in $commands; do
		sed -n 's/.*{"\([a-z-]*\)", \(\.text\|\.flag\|required_argument\|no_argument\|optional_argument\).*/\1/p' "$root/runtime/command/$command"/*.c |
			while read -r option; do
				traceshim complete options "$command" | grep -q "^--$option"$'\t' ||
					{ echo "--$option is not in the help of $command"; false; }
			done
	done
}

@test "complete: bash, commands and options" {
	diff <(candidates '') <({ echo "$commands"; printf '%s\n' help --tenant --version; } | sort)
	offers 'list' li
	offers 'recover|report|reprice|run' r
	offers 'tail' --tenant acme ta
	offers 'tail' --tenant = acme ta
	offers '--failed' list --f
	offers '--format' export --fo
	offers 'folded' export --format f
	offers 'chrome|csv|folded|json' export --format ''
	offers 'chrome|csv|folded|json' export --format =
	offers 'cost' export --format folded --weight co
	offers 'init|migrate|prune|status' store ''
	offers 'migrate' store m
	offers 'export' help ex
	offers '--watch' ps --w
	[ -z "$(candidates nosuch --)" ]
	[ -z "$(candidates list --limit 1)" ]
}

@test "complete: bash, files and what is run" {
	touch 'a file' another
	mkdir folder
	offers 'a file|another' export -o a
	offers 'a file|another' export --output a
	offers 'folder' collect --spool f
	candidates run -- ls | grep -qx ls
	candidates check -- ./bot f | grep -qx folder
	candidates symbols f | grep -qx folder
}

@test "complete: bash, pipelines and traces, where there are some" {
	[ -z "$(candidates list --pipeline '')" ]
	[ "$(candidates show '')" = "$(traceshim complete options show | cut -f 1 | sort)" ]
	traced "$bots/ends/ends" jobs 3 >/dev/null
	rules '[pipeline]' 'train "em = int job(const char *name, int parts)' '日本 = int job(const char *name, int parts)'
	traced "$bots/ends/ends" jobs 1 >/dev/null
	offers 'learn' tail --pipeline l
	traceshim complete pipelines | grep -qx learn
	traceshim list | sed '1d; s/ .*//' >ids
	diff <(candidates show '') <({ echo last; cat ids; } | sort)
	[ "$(candidates show "$(tail -1 ids)")" = "$(tail -1 ids)" ]
	traceshim show "$(candidates show 0 | head -1)" >/dev/null
	[ -z "$(TRACESHIM_STORE=postgresql://nobody@127.0.0.1:1/none candidates show 0)" ]
}

@test "complete: zsh" {
	command -v zsh || skip 'zsh is not installed'
	traced "$bots/ends/ends" jobs 1 >/dev/null
	mkdir functions
	cp "$root/runtime/command/complete/_traceshim" functions
	cat >.zshrc <<-EOF
	fpath=($work/functions \$fpath)
	autoload -U compinit
	compinit -u -D
	PS1='ready> '
	setopt no_beep
	EOF
	tmux -S "$work/tmux" -f /dev/null new-session -d -x 100 -y 40 "env ZDOTDIR='$work' PATH='$PATH' zsh -d -i"
	screen() {
		tmux -S "$work/tmux" capture-pane -p
	}
	types() { # TEXT PATTERN: where it is typed, and completed, the screen shows the pattern
		tmux -S "$work/tmux" send-keys C-u C-l
		tmux -S "$work/tmux" send-keys -l "$1"
		tmux -S "$work/tmux" send-keys Tab Tab
		soon eval "screen | grep -qE -- '$2'" || { screen; false; }
	}
	soon eval 'screen | grep -q "ready>"'
	types 'traceshim li' 'traceshim list'
	types 'traceshim --tenant acme ex' 'acme export'
	types 'traceshim r' '^recover +-- store what ended programs left behind'
	types 'traceshim list --fa' 'list --failed'
	types 'traceshim list --' '^--min-ms +-- that took at least'
	types 'traceshim export --format fo' '--format folded'
	types 'traceshim export --format=fo' '--format=folded'
	types 'traceshim tail --pipeline l' '--pipeline learn'
	types 'traceshim store mi' 'store migrate'
	types 'traceshim show ' '^last +-- the newest'
	types 'traceshim run -- tracesh' 'run -- traceshim'
	tmux -S "$work/tmux" kill-server
}
