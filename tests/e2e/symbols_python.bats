#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# `traceshim symbols` of Python sources: lines to paste, without running any of them.

bats_require_minimum_version 1.5.0
load helper

export BATS_TEST_TIMEOUT=600

setup() {
	scratch
	traceshim=$root/build/traceshim
	mkdir -p code/bot/agents code/tools
	: >code/bot/__init__.py
	: >code/bot/agents/__init__.py
	cat >code/bot/agents/trainer.py <<-'END'
		open("ran", "w").close()

		class Trainer:
		    def __init__(self): pass
		    async def run(self, text): pass
		    def items(self): yield 1

		def héros(a): pass
		short = lambda a: a
	END
	echo 'def main(argv): pass' >code/main.py
	echo 'async def lines(name): yield name' >code/tools/files.py
}

@test "of a source in a package: its functions as they are imported, and what they are" {
	run -0 --separate-stderr "$traceshim" symbols code/bot/agents/trainer.py
	[ -z "$stderr" ]
	[ "$output" = '# Paste what counts under [pipeline], [agent], [llm], [tool] or [step].

# bot.agents.trainer (code/bot/agents/trainer.py): 3 functions
Trainer.run = python bot.agents.trainer:Trainer.run      # coroutine
Trainer.items = python bot.agents.trainer:Trainer.items  # generator
h__ros = python bot.agents.trainer:héros                 # function' ]
	[ -z "$(find . -name ran -o -name __pycache__)" ]
	(cd code/bot/agents && "$traceshim" symbols trainer.py) >there
	[ "$(grep -v '^# bot' there)" = "$(grep -v '^# bot' <<<"$output")" ]
}

@test "of a folder all modules below, with and without packages" {
	"$traceshim" symbols --json code >all.json
	[ "$(jq -c '[.objects[].functions[].rule] | sort' all.json)" = \
		'["python bot.agents.trainer:Trainer.items","python bot.agents.trainer:Trainer.run","python bot.agents.trainer:héros","python main:main","python tools.files:lines"]' ]
	[ "$(jq -c '.objects[] | select(.object | endswith("files.py")) | .functions[0] | [.name, .key, .how, .type, .address]' all.json)" = \
		'["lines","lines","import","async generator",null]' ]
	"$traceshim" symbols --json code/bot >bot.json
	[ "$(jq '[.objects[].functions[]] | length' bot.json)" = 3 ]
}

@test "every line is a rule that finds its function" {
	{ echo '[step]'; (cd code && "$traceshim" symbols .); } >"$TRACESHIM_CONF"
	"$traceshim" check --json -- /usr/bin/python3 code/main.py | jq -e '.faults == [] and (.rules | length) == 5 and all(.rules[]; .hooks | length == 1)'
}

@test "an environment inside of a folder is none of it; what is compiled is counted" {
	mkdir -p project/venv/lib/python3/site-packages/away
	echo 'def handle(text): return text' >project/bot.py
	echo 'def unseen(): pass' >project/venv/lib/python3/site-packages/away/__init__.py
	: >project/venv/pyvenv.cfg
	run -0 --separate-stderr "$traceshim" symbols project
	[ "$(grep -c ' = python ' <<<"$output")" -eq 1 ]
	[[ $output == *'handle = python bot:handle  # function' ]]
	[ -z "$stderr" ]
	: >project/fast.so
	run -0 --separate-stderr "$traceshim" symbols project
	[ "$(grep -c ' = python ' <<<"$output")" -eq 1 ]
	[[ $output != *fast* ]]
	[ "$stderr" = 'traceshim: 1 module is compiled and left out: only functions written in Python can be traced as such' ]
}

@test "a glob, and what is not there or not right" {
	run -0 "$traceshim" symbols code '__init__'
	[[ $output == *'Trainer.__init__ = python bot.agents.trainer:Trainer.__init__  # function' ]]
	[ "$("$traceshim" symbols --json code 'Trainer.*' | jq '[.objects[].functions[]] | length')" = 3 ]
	[ "$("$traceshim" symbols --json code 'tools.*:*' | jq '[.objects[].functions[]] | length')" = 1 ]
	run -1 --separate-stderr "$traceshim" symbols code 'nothing*'
	[ "$stderr" = 'traceshim: no function is named nothing*' ]
	echo 'def f(:' >code/wrong.py
	run -1 --separate-stderr "$traceshim" symbols code/wrong.py
	[ "$stderr" = "traceshim: $PWD/code/wrong.py does not compile: line 1: invalid syntax" ]
	run -0 "$traceshim" symbols code
	[[ $(tr -s ' #\n' ' ' <<<"$output") == *" wrong cannot be read: $PWD/code/wrong.py does not compile: line 1: invalid syntax"* ]]
	mkdir empty
	run -1 --separate-stderr "$traceshim" symbols empty
	[ "$stderr" = 'traceshim: empty has no function in Python' ]
}
