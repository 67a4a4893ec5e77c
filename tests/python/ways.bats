#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# All the ways to start a Python program: each says the same with the shim, and is traced. No packages are needed.

load ../e2e/helper

setup() {
	scratch
	unset PYTHONPATH PYTHONDONTWRITEBYTECODE PYTHONUNBUFFERED
	rules '[pipeline]' 'handle = python __main__:handle' '[agent]' '* = python ways.agents:*Agent.run' '[step]' \
		'late = python late:work'
	mkdir ways
	cat >script.py <<-'EOF'
		#!/usr/bin/python3
		import sys
		from ways.agents import EchoAgent
		def handle(text, times=1):
		    """Documented."""
		    return EchoAgent().run(text * times)
		print(handle("hello"), handle.__doc__, len(sys.argv))
	EOF
	cp script.py ways/__main__.py
	touch ways/__init__.py
	printf 'class EchoAgent:\n    def run(self, text):\n        return text.upper()\n' >ways/agents.py
	chmod +x script.py
	mkdir folder
	cp script.py folder/__main__.py
	cp -r ways folder
}

# way CMD...: it says the same; one trace with one agent in it.
way() {
	rm -rf "$work"/traces.db*
	answer plain "$@"
	answer traced env "LD_PRELOAD=$shim" "$@"
	diff plain.out traced.out
	diff plain.err traced.err
	diff plain.status traced.status
	[ "$(cat plain.status)" -eq 0 ]
	traces >list.json
	holds 'length == 1 and .[0].pipeline_name == "handle"' <list.json
	spans last | holds 'length == 1 and .[0].span_name == "agent:EchoAgent" and .[0].input_data == {"text": "hello"}
		and .[0].output_data.result == "HELLO"'
}

@test "python: a script, by its name, by a link, by its first line" {
	ln -s script.py other
	way /usr/bin/python3 script.py
	way /usr/bin/python3 ./other and arguments
	way ./script.py
}

@test "python: a module, a package, a folder, an archive" {
	way /usr/bin/python3 -m script
	way /usr/bin/python3 -m ways
	way /usr/bin/python3 folder
	/usr/bin/python3 -m zipapp folder -o archive.pyz
	way /usr/bin/python3 archive.pyz
}

@test "python: a command, standard input" {
	way /usr/bin/python3 -c "$(cat script.py)"
	way sh -c '/usr/bin/python3 <script.py'
	way sh -c '/usr/bin/python3 - <script.py'
}

@test "python: compiled beforehand, by itself and in __pycache__" {
	/usr/bin/python3 -m compileall -q script.py ways
	way /usr/bin/python3 script.py
	way /usr/bin/python3 -m ways
}

# No event tells of its code before it runs.
@test "python: a script that is nothing but its compiled code runs as ever, unseen" {
	/usr/bin/python3 -m compileall -q -b script.py
	same /usr/bin/python3 script.pyc
}

@test "python: optimized, isolated, without site" {
	for option in -O -I -S -E -B "-X tracemalloc" "-X utf8" "-W error"; do
		# shellcheck disable=SC2086 # an option and its value
		way /usr/bin/python3 $option folder
	done
}

@test "python: with another allocator, hashes of any seed, no buffers" {
	way env PYTHONMALLOC=malloc /usr/bin/python3 script.py
	way env PYTHONHASHSEED=1 PYTHONUNBUFFERED=1 /usr/bin/python3 script.py
}

@test "python: in development mode, where its allocator looks for what is freed amiss" {
	way /usr/bin/python3 -X dev script.py
	way env PYTHONMALLOC=debug /usr/bin/python3 script.py
	way env PYTHONDEVMODE=1 PYTHONASYNCIODEBUG=1 /usr/bin/python3 script.py
}

@test "python: what cannot be read, and what is loaded late, is no matter" {
	printf 'def work(:\n' >late.py
	cat >>script.py <<-'EOF'
		try:
		    import late
		except SyntaxError as error:
		    print(error)
	EOF
	way /usr/bin/python3 script.py
	printf 'def work():\n    return handle\n' >late.py
	way /usr/bin/python3 script.py
}

@test "python: a program whose rules are for others has no traces, and says the same" {
	rules '[pipeline]' 'handle = python elsewhere:handle'
	same /usr/bin/python3 script.py
	[ -z "$(traces 2>/dev/null | jq '.[]?')" ]
}
