#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# `traceshim check` and `run`, of rules for Python: what becomes of each, before a line of the program runs.

bats_require_minimum_version 1.5.0
load helper

export BATS_TEST_TIMEOUT=600

setup() {
	scratch
	traceshim=$root/build/traceshim
	mkdir -p bot/agents space/deep
	: >bot/__init__.py
	cat >bot/base.py <<-'END'
		class Base:
		    def run(self, prompt, *more, api_key=None, **rest):
		        return prompt

		    async def stream(self, n):
		        yield n
	END
	echo 'from .trainer import Trainer, ask as ask_it' >bot/agents/__init__.py
	cat >bot/agents/trainer.py <<-'END'
		import functools
		from typing import Generic, TypeVar

		from ..base import *

		T = TypeVar("T")


		def retry(f):
		    @functools.wraps(f)
		    def inner(*args):
		        return f(*args)

		    return inner


		class Trainer(Base, Generic[T]):
		    @retry
		    async def train(self, user_id, text, api_key=None):
		        return text

		    def items(self):
		        yield 1

		    again = train


		class Head(Trainer):
		    pass


		short = lambda text: text
		part = functools.partial(retry, short)

		if T:
		    def ask(question):
		        return question
	END
	echo 'def f(n): return n' >space/deep/inner.py
	# what would show that the program ran
	cat >main.py <<-'END'
		open("ran", "w").close()

		import bot.agents


		def main(argv):
		    return argv


		main([])
	END
	for module in bot/base bot/agents/__init__ bot/agents/trainer; do
		echo 'open("ran", "w").close()' >>$module.py
	done
}

# checked CMD...: the document, of python3 with these arguments; nothing of the program has run
checked() {
	"$traceshim" check --json -- /usr/bin/python3 "$@"
	[ ! -e ran ]
	[ -z "$(find . -name __pycache__)" ]
}

# fate FUNCTION [CMD...]: of one rule, in a line: where it was found, or why not, and the hints
fate() {
	rules '[step]' "x = python $1"
	local arguments=("${@:2}")
	checked "${arguments[@]:-main.py}" | jq -r '.rules[0] | if .hooks != []
		then [.hooks[] | "\(.function) \(.object | sub(".*/"; "")):\(.line) \(.type)"] | join("; ")
		else "\(.misses | join("; ")) | \(.hints | join("; "))" end' | sed "s,$PWD,HERE,g"
}

@test "a function is found without running a line of the program: module, file, line, kind, parameters" {
	rules '[agent]' 'trainer = python bot.agents.trainer:Trainer.train' '[step]' 'items = python bot.agents.trainer:Trainer.items' \
		'stream = python bot.base:Base.stream' 'run = python bot.base:Base.run' 'main = python main:main'
	run -0 --separate-stderr "$traceshim" check -- /usr/bin/python3 main.py
	[ ! -e ran ]
	[ -z "$stderr" ]
	flat=$(tr -s ' \n' ' ' <<<"$output")
	[[ $flat == *"agent:trainer = bot.agents.trainer:Trainer.train (line 2) records user_id, text, api_key (redacted), result in bot.agents.trainer, $PWD/bot/agents/trainer.py:18, a coroutine "* ]]
	[[ $flat == *" records result in bot.agents.trainer, $PWD/bot/agents/trainer.py:22, a generator "* ]]
	[[ $flat == *" records n, result in bot.base, $PWD/bot/base.py:5, an async generator "* ]]
	[[ $flat == *" records prompt, api_key (redacted), more, rest, result in bot.base, $PWD/bot/base.py:2, a function "* ]]
	[[ $flat == *" records argv, result in main, $PWD/main.py:6, a function"* ]]
	[ "$(awk '{ if (length > most) most = length } END { print most }' <<<"$output")" -le 80 ] || [ ${#PWD} -gt 40 ]
	TRACESHIM_CAPTURE=0 run -0 "$traceshim" check -- /usr/bin/python3 main.py
	[ "$(grep -c 'records times only' <<<"$output")" = 5 ]
}

@test "the JSON document keeps its contract for Python, too" {
	rules '[agent]' 'trainer = python bot.agents.trainer:Trainer.train' 'get = getenv'
	checked main.py >check.json
	[ "$(jq -c '.rules[0].hooks[0]' check.json)" = '{"function":"bot.agents.trainer:Trainer.train","object":"'"$PWD"'/bot/agents/trainer.py","address":null,"how":"import","slots":0,"line":18,"type":"coroutine"}' ]
	[ "$(jq -c '.rules[0].parameters' check.json)" = '[{"name":"user_id","type":null},{"name":"text","type":null},{"name":"api_key","type":"redacted"},{"name":"result","type":null}]' ]
	[ "$(jq -c '[.rules[].language]' check.json)" = '["python","native"]' ]
	[ "$(jq '.rules[1].hooks[0].line' check.json)" = null ]
}

@test "a glob says how many functions it wraps, and which" {
	rules '[step]' 'mine = python bot.agents.trainer:ask' 'all* = python bot.*:*r*' 'none* = python bot.*:zz*' 'odd* = python nosuch.*:*' \
		'own* = python *:main' 'space* = python space.*:f'
	checked main.py >check.json
	[ "$(jq -c '[.rules[1].hooks[].function] | sort' check.json)" = '["bot.agents.trainer:Trainer.items","bot.agents.trainer:Trainer.train","bot.agents.trainer:retry","bot.base:Base.run","bot.base:Base.stream"]' ]
	[ "$(jq -r '.rules[2].misses[0]' check.json)" = 'no function of the 3 modules that fit is called so, or other rules have it' ]
	[ "$(jq -r '.rules[3].misses[0]' check.json)" = 'no module on sys.path fits nosuch.*' ]
	[ "$(jq -r '.rules[4].hooks[].function' check.json)" = main:main ]
	[ "$(jq -r '.rules[5].hooks[].function' check.json)" = space.deep.inner:f ]
	run -0 "$traceshim" check -- /usr/bin/python3 main.py
	[[ $output == *$'\n    wraps   5 functions\n'* ]]
	[[ $output == *$'\n    records what it takes and returns\n'* ]]
}

@test "of overloads the function counts; of what is defined twice, both" {
	cat >twice.py <<-'END'
		import typing
		class A:
		    @typing.overload
		    def f(self, a: int) -> int: ...
		    @typing.overload
		    def f(self, a: str) -> str: ...
		    def f(self, a): return a
		if A:
		    def g(a): pass
		else:
		    def g(b): pass
	END
	[ "$(fate twice:A.f)" = 'twice:A.f twice.py:7 function' ]
	[ "$(fate twice:g)" = 'twice:g twice.py:9 function; twice:g twice.py:11 function' ]
	[ "$(checked main.py | jq -c '[.rules[0].parameters[].name]')" = '["a","b","result"]' ]
}

@test "a module that is not there: why, and what may have been meant" {
	[ "$(fate bot.agnts.trainer:Trainer.train)" = 'there is no module agnts in bot | did you mean bot.agents.trainer?' ]
	[ "$(fate agents.trainer:Trainer.train)" = 'there is no module agents on sys.path | did you mean bot.agents.trainer?' ]
	[ "$(fate bto.base:Base.run)" = 'there is no module bto on sys.path | did you mean bot.base?' ]
	[ "$(fate nothing_like_it:f)" = 'there is no module nothing_like_it on sys.path | ' ]
	[ "$(fate bot.base.Base:run)" = 'bot.base is a module and no package (HERE/bot/base.py) | did you mean bot.base:Base.run?' ]
	[ "$(fate main.py:main)" = 'main is a module and no package (HERE/main.py) | did you mean main:main?' ]
	[ "$(fate space.deep:f)" = 'space.deep is a folder, which has modules but no functions | ' ]
}

@test "modules without Python code: compiled, built in, loaded early, wrong" {
	[[ $(fate _ctypes:f) == '_ctypes is compiled ('*'.so): only functions written in Python can be traced as such | ' ]]
	[ "$(fate time:sleep)" = 'time is part of the interpreter, and not written in Python | ' ]
	[ "$(fate codecs:encode)" = 'codecs is loaded before anything can be traced | ' ]
	echo 'def f(:' >wrong.py
	[ "$(fate wrong:f)" = 'HERE/wrong.py does not compile: line 1: invalid syntax | ' ]
	[ "$(fate 'wron*:f')" = 'no module on sys.path fits wron* | ' ]
	rules '[step]' 'x* = python wron*:f'
	[ "$(checked main.py | jq -r '.rules[0].unseen[0].reason')" = "$PWD/wrong.py does not compile: line 1: invalid syntax" ]
}

@test "a name that is no function of its own: which one to write instead" {
	[ "$(fate bot.agents.trainer:Trainer.run)" = 'Trainer inherits run (HERE/bot/agents/trainer.py) | write python bot.base:Base.run' ]
	[ "$(fate bot.agents.trainer:Head.train)" = 'Head inherits train (HERE/bot/agents/trainer.py) | write python bot.agents.trainer:Trainer.train' ]
	[ "$(fate bot.agents.trainer:Head.run)" = 'Head inherits run (HERE/bot/agents/trainer.py) | write python bot.base:Base.run' ]
	[ "$(fate bot.agents:ask_it)" = 'ask_it is imported from bot.agents.trainer (HERE/bot/agents/__init__.py) | write python bot.agents.trainer:ask' ]
	echo 'from bot.base import Base; from os import path' >borrows.py
	[ "$(fate borrows:Base.run)" = 'Base is imported from bot.base (HERE/borrows.py) | write python bot.base:Base.run' ]
	[ "$(fate bot.agents.trainer:short)" = 'short is a lambda (line 32), which has no name of its own (HERE/bot/agents/trainer.py) | ' ]
	[ "$(fate bot.agents.trainer:part)" = 'part is not defined but assigned (line 33) (HERE/bot/agents/trainer.py) | write python bot.agents.trainer:retry' ]
	[[ $(fate bot.agents.trainer:Trainer) == 'Trainer is a class; name one of its functions '*'| did you mean bot.agents.trainer:Trainer.train or bot.agents.trainer:Trainer.items?' ]]
	[[ $(fate bot.agents.trainer:Trainer.trian) == *'| did you mean bot.agents.trainer:Trainer.train?' ]]
	[[ $(fate bot.agents.trainer:train) == 'bot.agents.trainer has no function train '*'| did you mean bot.agents.trainer:Trainer.train?' ]]
	[ "$(fate 'bot.agents.trainer:retry.<locals>.inner')" = 'bot.agents.trainer:retry.<locals>.inner trainer.py:10 function' ]
	[[ $(fate bot:ask) == 'bot has no function ask '*'| did you mean bot.agents.trainer:ask?' ]]
	rules '[step]' 'a = python bot.agents.trainer:Trainer.train' 'b = python bot.agents:Trainer.train'
	[ "$(checked main.py | jq -r '.rules[1].misses[0]')" = 'it belongs to another rule: a, in line 2' ]
	rules '[step]' 'a = python bot.agents.trainer:ask' 'b = python bot.agents.trainer:ask'
	[ "$(checked main.py | jq -r '.rules[1].misses[0]')" = 'it belongs to another rule: a, in line 2' ]
}

@test "a function is found by the package that has its name from a module of its own" {
	[ "$(fate bot.agents:Trainer.train)" = 'bot.agents.trainer:Trainer.train trainer.py:18 coroutine' ]
	[ "$(fate bot.agents.trainer:Base.run)" = 'bot.base:Base.run base.py:2 function' ]
	rules '[trace]' 'orphans = trace' '[step]' 'x = python bot.agents:Trainer.items'
	traced /usr/bin/python3 -c 'from bot.agents import Trainer; list(Trainer().items())'
	[ "$(traces | jq -r '.[0].pipeline_name')" = x ]
}

@test "what the program is: a script, a module, a package, a text, an archive" {
	echo 'def f(n): return n' >bot/__main__.py
	[ "$(fate __main__:main main.py)" = 'main:main main.py:6 function' ]
	[ "$(fate __main__:f -m bot)" = 'bot.__main__:f __main__.py:1 function' ]
	[ "$(fate bot.__main__:f -m bot)" = 'bot.__main__:f __main__.py:1 function' ]
	[ "$(fate __main__:f -m space.deep.inner)" = 'space.deep.inner:f inner.py:1 function' ]
	[ "$(fate __main__:f -c 'def f(): pass')" = '__main__:f <string>:1 function' ]
	[ "$(fate __main__:f bot)" = '__main__:f __main__.py:1 function' ]
	[ "$(fate __main__:f -)" = 'the program is read from standard input, and only when it runs | ' ]
	[ "$(fate __main__:f nosuch.py)" = 'the script HERE/nosuch.py is not there | ' ]
	[ "$(fate __main__:f -m nosuch)" = 'there is no module nosuch on sys.path | ' ]
	mkdir packed && cp -r bot packed/ && echo 'def f(n): return n' >packed/__main__.py
	/usr/bin/python3 -m zipfile -c packed.pyz packed/__main__.py packed/bot/
	[ "$(fate __main__:f packed.pyz)" = '__main__:f __main__.py:1 function' ]
	[ "$(fate bot.base:Base.run packed.pyz)" = 'bot.base:Base.run base.py:2 function' ]
	# servers put the folder they are started in on sys.path themselves
	mkdir bin && cp main.py bin/server.py
	[ "$(fate bot.base:Base.run bin/server.py)" = 'there is no module bot on sys.path | HERE has it, and is not on sys.path yet: the program may put it there' ]
}

@test "a program without Python, with another Python, with Python inside, or that ends early" {
	[[ $(rules '[step]' 'x = python main:main'; "$traceshim" check --json -- sh | jq -r '.rules[0].misses[0]') == 'there is no Python interpreter in /usr/bin/'*'; where that is a script'?'s shell, name the Python that the script starts' ]]
	[ "$(fate main:main -V 2>/dev/null)" = 'Python ended before it ran anything | ' ]
	if [ -x /usr/bin/gdb ]; then
		[ "$("$traceshim" check --json -- /usr/bin/gdb | jq -r '.rules[0].misses[0]')" = '/usr/bin/gdb would have to run before it can be told, for Python is a part of it' ]
	fi
}

@test "what site runs before the program is not asked for its rules" {
	mkdir -p lib
	echo 'import subprocess; subprocess.run(["/bin/sh", "-c", "echo ran > site"])' >lib/sitecustomize.py
	rules '[step]' 'x = python main:main' 'y = getenv'
	PYTHONPATH=$PWD/lib checked main.py >check.json
	[ "$(cat site)" = ran ]
	[ "$(jq -r '.program' check.json)" = "$(realpath /usr/bin/python3)" ]
	[ "$(jq -r '.rules[0].hooks[0].line' check.json)" = 6 ]
	[ -z "$(spools)" ]
}

@test "modules are found as the program would: by finders of its own, in folders without __init__.py" {
	mkdir -p lib elsewhere bot/bare/deep
	cat >lib/sitecustomize.py <<-END
		import importlib.util, sys
		class Finder:
		    @classmethod
		    def find_spec(cls, name, path=None, target=None):
		        if name == "edited":
		            return importlib.util.spec_from_file_location(name, "$PWD/elsewhere/__init__.py")
		        if name == "odd":
		            raise RuntimeError("out of order")
		sys.meta_path.append(Finder)
	END
	export PYTHONPATH=$PWD/lib PYTHONDONTWRITEBYTECODE=1
	echo 'def f(): pass' | tee elsewhere/__init__.py >elsewhere/more.py
	cp elsewhere/more.py bot/bare/deep/inner.py
	[ "$(fate edited:f)" = 'edited:f __init__.py:1 function' ]
	[ "$(fate edited.more:f)" = 'edited.more:f more.py:1 function' ]
	[ "$(fate odd:f)" = 'looking for odd failed: out of order | ' ]
	[ "$(fate bot.bare.deep.inner:f)" = 'bot.bare.deep.inner:f inner.py:1 function' ]
	[ "$(fate bot.bare.deep.iner:f)" = 'there is no module iner in bot.bare.deep | did you mean bot.bare.deep.inner?' ]
}

@test "run counts the rules that found a function when their module came" {
	rules '[step]' 'run = python bot.base:Base.run' 'gone = python bot.base:gone' 'main = python main:main' '[trace]' 'orphans = trace'
	run -0 --separate-stderr "$traceshim" run --json=run.json -- /usr/bin/python3 -c 'import bot.base'
	[ "$stderr" = "traceshim: 0 of 3 rules reached; see traceshim check -- /usr/bin/python3 -c 'import bot.base'" ]
	[ "$(jq -c '[.rules, .hooked, .reached]' run.json)" = '[3,1,false]' ]
	run -0 --separate-stderr "$traceshim" run --json=run.json -- /usr/bin/python3 main.py
	[ -z "$stderr" ]
	[ "$(jq -c '[.rules, .hooked, .reached]' run.json)" = '[3,2,true]' ]
}
