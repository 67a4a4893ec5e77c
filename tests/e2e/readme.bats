#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What the README says to type, typed.

bats_require_minimum_version 1.5.0
load helper

setup() {
	scratch
	cd "$root"
}

# block AFTER: the indented block that follows the line that begins with AFTER.
block() {
	awk -v after="$1" 'index($0, after) == 1 { found = 1; next }
		found && /^    / { print substr($0, 5); any = 1; next }
		found && any { exit }' README.md
}

@test "readme: the rules are rules, and check knows them" {
	block 'Write a `symbols.conf`' >"$work/symbols.conf"
	[ "$(grep -c = "$work/symbols.conf")" -eq 7 ]
	run -0 build/traceshim check "$work/symbols.conf"
	[[ $output == *"7 rules, 0 faults"* ]]
}

@test "readme: the rules for Python are rules, too" {
	block 'A Python function is named' >"$work/symbols.conf"
	[ "$(grep -c = "$work/symbols.conf")" -eq 3 ]
	build/traceshim check --json "$work/symbols.conf" |
		jq -e '.faults == [] and (.rules | length) == 3 and all(.rules[]; .language == "python")'
}

@test "readme: make help fits a terminal" {
	make help >"$work/help"
	grep -q '^  make check  ' "$work/help"
	[ "$(awk 'length > 80' "$work/help" | wc -l)" -eq 0 ]
}

@test "readme: the demo fits a terminal" {
	unset TRACESHIM_CONF
	scripts/demo >"$work/demo"
	grep -q '^trace  *pipeline ' "$work/demo"
	grep -q 'The traces are in' "$work/demo"
	[ "$(sed '/^sqlite:/d' "$work/demo" | wc -L)" -le 80 ]
}

@test "readme: a program nobody here wrote" {
	block 'For a program nobody here wrote:' | sed "s#/tmp/#$work/#g" >"$work/typed"
	[ "$(wc -l <"$work/typed")" -eq 3 ]
	unset TRACESHIM_CONF
	run -0 --separate-stderr bash "$work/typed"
	[[ $output == 42* && $output == *"select nothing"* && $output == *"failed    "* ]]
}

@test "readme: the settings it names are those that are read" {
	for name in $(grep -oE '`TRACESHIM_[A-Z]+`' README.md | tr -d '`' | sort -u); do
		grep -rq "\"$name\"" preload runtime
	done
}

@test "readme: no longer than 150 lines" {
	[ "$(wc -l <README.md)" -le 150 ]
}

@test "readme: installed it works, and uninstalled it is gone" {
	make -s install DESTDIR="$work" PREFIX=/opt/t >/dev/null
	printf '[tool]\nenv = getenv\n' >"$TRACESHIM_CONF"
	"$work/opt/t/bin/traceshim" run -- ls >/dev/null
	"$work/opt/t/bin/traceshim" list --json | jq -e 'length > 0 and all(.pipeline_name == "env")'
	for command in $("$work/opt/t/bin/traceshim" help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
		[ -s "$work/opt/t/share/man/man1/traceshim-$command.1" ]
	done
	[ -s "$work/opt/t/share/man/man1/traceshim.1" ]
	[ -s "$work/opt/t/share/bash-completion/completions/traceshim" ]
	[ -s "$work/opt/t/share/zsh/site-functions/_traceshim" ]
	[ -s "$work/opt/t/share/man/man5/symbols.conf.5" ]
	make -s uninstall DESTDIR="$work" PREFIX=/opt/t >/dev/null
	[ -z "$(find "$work/opt" -type f)" ]
}
