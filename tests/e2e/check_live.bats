#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What is told of a program by its spool and its row: `traceshim check --live`, and the connections in `list --runs`.

bats_require_minimum_version 1.5.0
load helper

export BATS_TEST_TIMEOUT=600

setup() {
	scratch
	traceshim=$root/build/traceshim
	cat >server.py <<-'END'
		import http.server, os

		ANSWER = b"""{"id":"1","object":"chat.completion","model":"gpt-4o-2024-08-06","choices":[{"index":0,
		    "message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],
		    "usage":{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21}}"""


		class Handler(http.server.BaseHTTPRequestHandler):
		    protocol_version = "HTTP/1.1"

		    def do_POST(self):
		        self.rfile.read(int(self.headers["Content-Length"]))
		        refused = "busy" in self.path
		        answer = b"""{"error":{"message":"Slow down","type":"rate_limit"}}""" if refused else ANSWER
		        self.send_response(429 if refused else 200)
		        self.send_header("Content-Type", "application/json")
		        self.send_header("Content-Length", str(len(answer)))
		        self.end_headers()
		        self.wfile.write(answer)

		    def log_message(self, *more):
		        pass


		server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
		with open("port.new", "w") as to:
		    to.write(str(server.server_port))
		os.rename("port.new", "port")
		server.serve_forever()
	END
	/usr/bin/python3 server.py 3>&- &
	server=$!
	soon test -e port
	port=$(cat port)
	cat >bot.py <<-'END'
		import sys, urllib.request


		def turn(port):
		    url = "http://127.0.0.1:%s/v1/chat/completions" % port
		    head = {"Content-Type": "application/json"}
		    urllib.request.urlopen(urllib.request.Request(url, b'{"model":"gpt-4o","messages":[]}', head)).read()


		turn(sys.argv[1])
		print("done", flush=True)
		sys.stdin.read()
	END
	rules '[pipeline]' 'turn = python __main__:turn' '[agent]' 'gone = nowhere' \
		'[wire]' 'openssl = on' "http = 127.0.0.1:$port"
	touch -d '1 hour ago' "$TRACESHIM_CONF"
	mkfifo input
}

teardown() {
	kill "$server"
	[ -z "${bot-}" ] || kill "$bot" || :
	wait "$server" ${bot+"$bot"} || :
	add_up
}

# A bot runs until the descriptor 9 is closed.
begin_bot() {
	env "LD_PRELOAD=$shim" /usr/bin/python3 bot.py "$port" <input >said 3>&- &
	bot=$!
	exec 9>input
	soon grep -q done said
	soon connected # the counts are brought up to date by the flusher
}

end_bot() {
	exec 9>&-
	wait "$bot"
	unset bot
}

connected() { [ "$(live .process.wire.connections)" = 1 ]; }

live() { "$traceshim" check --live "$bot" --json | jq -c "$1"; }

@test "check --live: what a program that runs has met of its rules, and its connections" {
	begin_bot
	run -0 --separate-stderr "$traceshim" check --live "$bot"
	[ -z "$stderr" ]
	[[ $(tr -s ' \n' ' ' <<<"$output") == "$TRACESHIM_CONF: 2 rules, 0 faults; in "*", pid $bot since 20"* ]]
	[[ $output == *$'\npipeline:turn = __main__:turn  (line 2)\n'* ]]
	[[ $output == *$'\n    missing none that it means was met; '* ]]
	[[ $output == *$'\n    sees    OpenSSL in '*libssl* ]]
	[[ $output == *$'\n    so far  1 connection, 1 to LLM APIs' ]]
	[ "$(awk 'length > 80' <<<"$output")" = '' ]
	[ "$(live '.process | [.pid, .conf_changed, .lost, .wire.connections, .wire.recorded, .wire.other_host]')" = \
		"[$bot,false,{},1,1,0]" ]
	[ "$(live '.rules | map([.name, (.hooks | length), (.misses | length)])')" = '[["turn",1,0],["gone",0,1]]' ]
	[ "$(live '.rules[0].hooks[0] | [.how, .slots, .address]')" = '[null,null,null]' ]
	[ "$(live '.wire | [.openssl, .http, (.functions | map(.function) | index("connect") != null)]')" = \
		"[true,[\"127.0.0.1:$port\"],true]" ]
	[ "$(live '.wire.libraries[] | select(.seen) | .library')" = '"OpenSSL"' ]
	[ "$(live '.settings.orphans')" = '"drop"' ]
	[ "$(TRACESHIM_CAPTURE=7 live '.settings.capture')" = '"51200"' ]
	end_bot
	run -1 --separate-stderr "$traceshim" check --live 999999999
	[[ $stderr == "traceshim: 999999999 is no program that runs under the shim; "* ]]
}

@test "check --live: a file that was changed since is not believed" {
	begin_bot
	rules '[agent]' 'other = elsewhere'
	run -0 "$traceshim" check --live "$bot"
	[[ $output == *$'\nThe file is not what this program has read: '* ]]
	[[ $output == *$'\npipeline:turn = '* && $output != *elsewhere* && $output != *nowhere* ]]
	[[ $output == *$'\n    so far  1 connection, 1 to LLM APIs' ]]
	[ "$(live '[.process.conf_changed, (.rules | length), .wire.openssl, (.wire.libraries | length > 0)]')" = '[true,1,null,true]' ]
	rm "$TRACESHIM_CONF"
	[ "$(live '[.process.conf_changed, (.rules | length)]')" = '[true,1]' ]
	end_bot
}

@test "check --live: a program that has not recorded anything says so" {
	rules '[agent]' 'gone = getenv' # outside of every trace there is nothing to record
	printf '[trace]\norphans = drop\n' >>"$TRACESHIM_CONF"
	env "LD_PRELOAD=$shim" sleep 60 3>&- &
	bot=$!
	soon grep -q libtraceshim "/proc/$bot/maps"
	run -1 --separate-stderr "$traceshim" check --live "$bot"
	[ "$stderr" = "traceshim: $bot has not recorded anything yet, and so has no spool that could be read; try traceshim check -- CMD" ]
}

@test "check --live: wrong usage" {
	run -2 --separate-stderr "$traceshim" check --live soon
	[[ $stderr == "traceshim: --live soon: expected the pid of a program that runs; "* ]]
	run -2 --separate-stderr "$traceshim" check --live 1 "$TRACESHIM_CONF"
	[[ $stderr == *"neither CONF nor CMD"* ]]
	run -2 --separate-stderr "$traceshim" check --live 1 -- true
	[[ $stderr == *"neither CONF nor CMD"* ]]
	"$traceshim" complete options check | grep -q $'^--live\tPID'
}

@test "list --runs: where no connection was to an LLM API it says how a gateway is named" {
	local pid
	rules '[wire]' 'openssl = on' '[tool]' 'env = getenv'
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost 2>req.err
	openssl s_server -accept 127.0.0.1:0 -key key.pem -cert cert.pem -www >tls.out 2>tls.err </dev/null 3>&- &
	pid=$!
	soon grep -q ACCEPT tls.out
	traced curl -sk "https://$(sed -n 's/^ACCEPT //p' tls.out)/" >page
	kill $pid
	grep -qi html page
	run -0 "$traceshim" list --runs
	[ "$(awk 'length > 80' <<<"$output")" = '' ]
	[[ $(tr -s ' \n' ' ' <<<"$output") == *" wire 1 connection, 0 to LLM APIs, 1 to other hosts; if one of them is an LLM API, name it under [wire]: gateway = HOST as NAME"* ]]
}

@test "list --runs: what became of a process's connections" {
	begin_bot
	end_bot
	run -0 "$traceshim" list --runs
	[[ ${lines[2]} == '  wire  1 connection, 1 to LLM APIs'* ]]
	[ "$(awk 'length > 80' <<<"$output")" = '' ]
	"$traceshim" list --runs --json | holds '.[0].attributes.wire | .connections == 1 and .recorded == 1 and
		(.libraries | map(select(.library == "OpenSSL" and .unseen == null)) | length) == 1'
	# GnuTLS is there, and nothing passes through it; without [wire] there is nothing to be told
	rules '[wire]' 'openssl = on'
	printf '[tool]\nenv = getenv\n' >>"$TRACESHIM_CONF"
	traced wget --version >/dev/null
	run -0 "$traceshim" list --runs
	[[ ${lines[2]} == '  wire  0 connections; not seen, should it be used: GnuTLS (libgnutls.so'* ]]
	rules '[tool]' 'env = getenv'
	traced wget --version >/dev/null
	run -0 "$traceshim" list --runs
	[[ ${lines[2]} != *wire* ]]
}

@test "usage: a request that was refused used nothing" {
	cat >again.py <<-'END'
		import sys, urllib.error, urllib.request


		def turn(*paths):
		    for path in paths:
		        url = "http://127.0.0.1:%s/%s/v1/chat/completions" % (sys.argv[1], path)
		        head = {"Content-Type": "application/json"}
		        try:
		            urllib.request.urlopen(urllib.request.Request(url, b'{"model":"gpt-4o","messages":[]}', head)).read()
		        except urllib.error.HTTPError as error:
		            error.read()


		turn("busy", "busy", "free")
	END
	traced /usr/bin/python3 again.py "$port"
	"$traceshim" show last --json | holds '(.spans | map(.attributes.wire.status)) == [429, 429, 200]'
	"$traceshim" show last | grep -Eq '^used .* 9 tokens in, 12 out; 1 call$'
	"$traceshim" report --json | holds '.model_calls == 1 and .cost_nano_usd > 0 and .cost_unknown == 0'
	printf '%s\n' '[gate paid]' 'require = cost_usd <= 1 per trace' >gates
	"$traceshim" gate gates
}

@test "check --live, list --runs: a body that the kernel sent is told of, and its call" {
	cat >bot.py <<-'END'
		import http.client, sys


		def turn(port):
		    with open("body", "wb") as to:
		        to.write(b'{"model":"gpt-4o","messages":[]}')
		    server = http.client.HTTPConnection("127.0.0.1", int(port))
		    server.putrequest("POST", "/v1/chat/completions")
		    server.putheader("Content-Length", "32")
		    server.endheaders()
		    with open("body", "rb") as body:
		        server.sock.sendfile(body)
		    server.getresponse().read()
		    return server


		server = turn(sys.argv[1])
		print("done", flush=True)
		sys.stdin.read()
	END
	begin_bot
	run -0 "$traceshim" check --live "$bot"
	[[ $output == *$'\n    so far  1 connection, 1 to LLM APIs, 1 by calls that are not read' ]]
	[ "$(awk 'length > 80' <<<"$output")" = '' ]
	[ "$(live '.process.wire | [.recorded, .bypassed, .unreadable]')" = '[1,1,0]' ]
	end_bot
	run -0 "$traceshim" list --runs
	[[ ${lines[2]} == '  wire  1 connection, 1 to LLM APIs, 1 by calls that are not read'* ]]
	"$traceshim" show last --json | holds '.spans | length == 1 and (.[0] | .success and .output_tokens == 12 and
		.model == "gpt-4o-2024-08-06" and .attributes.wire.unseen_bytes == 32 and
		.input_data == {"body": {"head": "", "tail": "", "truncated": 32}})'
}
