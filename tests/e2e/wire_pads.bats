#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Functions through which plain text passes, of a library and of the program itself: left and interrupted in every way, they do as
# they did, and what passed stands in the rings.

bats_require_minimum_version 1.5.0
load helper

setup() {
	scratch
	wire=$bots/faketls
	rules '[wire]' 'openssl = on'
}

# told [PROGRAM]: what it recorded, one line a message; a request and its answer by their numbers.
told() {
	python3 "$root/tests/e2e/messages.py" "$TRACESHIM_SPOOL" |
		sed -E 's/POST \/v1\/chat\/completions HTTP.*"n":([0-9]+)\}$/ask \1/
			s/HTTP\/1.1 200 OK.*"n":0?([0-9]+)\}$/answer \1/'
}

counts() {
	python3 "$root/tests/e2e/messages.py" "$TRACESHIM_SPOOL" counts
}

no_secret() {
	! grep -la SECRET "$TRACESHIM_SPOOL"/*/* || false
}

# tells WAY PROGRAM...: each does the same with the shim, and records what is on standard input.
tells() {
	local way=$1 program expected
	shift
	expected=$(cat)
	for program; do
		echo "$program $way"
		rm -rf "$TRACESHIM_SPOOL"
		same timeout 60 "$wire/$program" "$way"
		[ "$(cat "$work/traced.status")" -eq 137 ]
		diff - <(told) <<<"$expected"
		no_secret
	done
}

# tells_plain PROGRAM...: by all five functions.
tells_plain() {
	tells plain "$@" <<-'EOF'
	1 0 sent 0 - ask 1
	1 1 received 0 - answer 1
	1 2 sent 104 - POST /v1/embeddings HTTP/1.1|host: api.openai.com|content-length: 4||1234
	1 3 received 46 - HTTP/1.1 200 OK|Content-Lengt
	1 4 received 76 - h: 8||{"n":02}
	1 5 received 92 last,peer 
	EOF
}

# --- registers ---------------------------------------------------------------------------------------

@test "wire pads: every register is as it was, as the ABI says of slots, and all of entries" {
	for program in 'registers slots' 'registers_inside entry'; do
		read -r bot how <<<"$program"
		same "$wire/$bot" "$how"
		[ "$(cat "$work/traced.out")" = "registers 0" ]
		TRACESHIM_REPORT=$work/report traced "$wire/$bot" "$how"
		[ "$(grep -c "^wire	SSL_.*	$how" "$work/report")" -eq 7 ]
		rm "$work/report"
	done
}

@test "wire pads: all five functions, and SSL_free(NULL)" {
	tells_plain wire wire_inside
}

@test "wire pads: what stands in front of a TLS library, and passes on what it is given, is none" {
	shim="$shim:$wire/libfront.so" tells_plain wire
	TRACESHIM_REPORT=$work/report shim="$shim:$wire/libfront.so" traced "$wire/wire" plain
	grep '^tls	.*libfaketls' "$work/report"
	! grep libfront "$work/report" | grep -v ^object || false
}

# --- ways out ----------------------------------------------------------------------------------------

@test "wire pads: exceptions, cancellation, pthread_exit leave a read, and the next one goes on" {
	for way in thrown canceled left; do
		tells $way wire wire_inside <<-'EOF'
		1 0 sent 0 - ask 1
		1 1 received 0 - answer 1
		1 2 sent 104 - ask 2
		1 3 received 46 - answer 2
		1 4 received 92 last,client 
		EOF
	done
}

@test "wire pads: longjmp out of a read" {
	tells jumped wire wire_inside <<-'EOF'
	1 0 sent 0 - ask 1
	1 1 received 0 - answer 1
	1 2 sent 104 - ask 2
	1 3 received 46 - answer 2
	1 4 sent 208 - ask 3
	1 5 received 92 - answer 3
	1 6 sent 312 - ask 4
	1 7 received 138 - answer 4
	1 8 received 184 last,client 
	EOF
}

@test "wire pads: backtrace sees the callers from inside" {
	tells looked wire wire_inside <<-'EOF'
	1 0 sent 0 - ask 1
	1 1 received 0 - answer 1
	1 2 received 46 last,client 
	EOF
	grep -x 'hear and main: 2' "$work/traced.out"
}

@test "wire pads: a coroutine reads on one thread and goes on on another; stacks of 16 KB" {
	for way in wandered small; do
		tells $way wire wire_inside <<-'EOF'
		1 0 sent 0 - ask 1
		1 1 received 0 - answer 1
		1 2 sent 104 - ask 2
		1 3 received 46 - answer 2
		1 4 received 92 last,client 
		EOF
	done
}

@test "wire pads: a thread that receives, and has called nothing else that counts" {
	tells other wire wire_inside <<-'EOF'
	1 0 sent 0 - ask 1
	1 1 received 0 - answer 1
	1 2 received 46 last,client 
	EOF
}

# --- handlers ----------------------------------------------------------------------------------------

@test "wire pads: a handler sends while the program is sending" {
	tells handled wire wire_inside <<-'EOF'
	1 0 sent 0 - ask 1
	1 1 received 0 - answer 1
	1 2 sent 104 - ask 2
	1 3 received 46 - answer 2
	1 4 sent 208 - ask 3
	1 5 received 92 - answer 3
	2 0 sent 0 - ask 1
	2 1 sent 104 - ask 2
	EOF
}

@test "wire pads: on an alternate stack no module is opened, and afterwards it is" {
	tells alternate wire wire_inside <<-'EOF'
	2 0 sent 0 - ask 1
	2 1 received 0 - answer 1
	2 2 sent 104 - ask 2
	2 3 received 46 - answer 2
	EOF
	[ "$(counts)" = "2 1 0 0 0 1 0 0" ]
}

@test "wire pads: signals wherever they come; what is not told leaves nothing that is secret" {
	for program in wire wire_inside; do
		rm -rf "$TRACESHIM_SPOOL"
		same timeout 60 "$wire/$program" storm
		no_secret
		# each message of the main connection, the one that has most, follows the one before
		told | awk '$2 != n[$1]++ { gap[$1] = 1 } n[$1] > n[most] { most = $1 } END { exit gap[most] || n[most] < 100 }'
	done
}

# --- processes ---------------------------------------------------------------------------------------

@test "wire pads: a child goes on with its parent's connection as with a new one" {
	tells forked wire wire_inside <<-'EOF'
	1 0 sent 0 - ask 1
	1 1 received 0 - answer 1
	1 2 sent 104 - ask 2
	1 3 received 46 - answer 2
	1 4 sent 208 - ask 3
	1 5 received 92 - answer 3
	2 0 sent 0 - ask 77
	2 1 received 0 - answer 77
	EOF
}

@test "wire pads: vfork, closes and exec in between" {
	tells vforked wire wire_inside <<-'EOF'
	1 0 sent 0 - ask 1
	1 1 received 0 - answer 1
	1 2 sent 104 - ask 2
	1 3 received 46 - answer 2
	EOF
}

@test "wire pads: sixteen threads send their first request at once" {
	same timeout 60 "$wire/wire" crowd
	[ "$(counts)" = "16 16 0 0 0 0 0 0" ]
	[ "$(told | grep -c ' ask ')" -eq 16 ]
	[ "$(told | grep -c ' answer ')" -eq 16 ]
}

# Those that live may recover what others left: of some no spool is there any more.
@test "wire pads: ... and so do those of twenty children that are forked meanwhile" {
	same timeout 60 "$wire/wire" forking
	[ "$(counts | sort -u)" = "16 16 0 0 0 0 0 0" ]
	no_secret
}

@test "wire pads: threads that send on one connection, and one that frees it meanwhile" {
	same timeout 60 "$wire/wire" fought
	no_secret
}

@test "wire pads: a thread that is cancelled while the shim sees to what it sent leaves the connection to others" {
	for ((delay = 0; delay < 600; delay += 20)); do
		rm -rf "$TRACESHIM_SPOOL"
		DELAY_US=$delay same timeout 60 "$wire/wire" cut_off
		told | grep 'ask 2$'
	done
}

@test "wire pads: what is sent and freed when the shim has ended" {
	same timeout 60 "$wire/wire" leaving -
	[ "$(cat "$work/traced.status")" -eq 0 ]
}

# --- connections -------------------------------------------------------------------------------------

@test "wire pads: ten thousand connections, whose handles are used again" {
	for program in wire wire_inside; do
		rm -rf "$TRACESHIM_SPOOL"
		same timeout 60 "$wire/$program" many
		grep -x 'ten thousand' "$work/traced.out"
		[[ $(counts) == "10000 10000 0 0 0 0 "* ]]
	done
}

@test "wire pads: byte by byte, to somebody else, no HTTP, text that is not there" {
	for program in wire wire_inside; do
		tells odd $program <<-'EOF'
		1 0 sent 0 - POST /v1/chat/completions HTTP/1.1|host: api.openai.com|content-length: 2||
		1 1 sent 79 - {
		1 2 sent 80 - }
		1 3 received 0 last,client 
		4 0 sent 0 - ask 3
		4 1 received 0 last,unseen 
		EOF
		[ "$(counts)" = "4 2 1 1 1 0 0 0" ]
	done
}

# --- what is not read ----------------------------------------------------------------------------------

@test "wire pads: what the kernel sends of a body is a gap; what else it sends ends the connection" {
	local head='POST /v1/chat/completions HTTP/1.1|host: api.openai.com|content-length: 40||'
	for program in wire wire_inside; do
		tells unseen $program <<-EOF
		1 0 sent 0 - $head
		1 1 sent 120 - 
		1 2 received 0 - answer 1
		1 3 sent 120 - $head
		1 4 sent 200 - {"model":"one"
		1 5 sent 239 - 
		1 6 sent 239 - }
		1 7 received 46 - answer 2
		1 8 sent 240 - ask 3
		1 9 received 92 - answer 3
		1 10 received 138 last,client 
		3 0 sent 0 - $head
		3 1 received 0 last,unseen 
		5 0 sent 0 - $head
		5 1 sent 80 - {"model":"four","messages":[   "hi"   ]}
		5 2 received 0 - answer 9
		5 3 received 46 last,client 
		EOF
		[ "$(counts)" = "5 3 0 0 0 0 0 4" ]
	done
}

@test "wire pads: early data, which may be sent twice, are left alone" {
	tells early wire wire_inside <<-'EOF'
	2 0 sent 0 - ask 2
	2 1 received 0 - answer 2
	2 2 received 46 last,client 
	EOF
	[ "$(counts)" = "2 1 0 0 0 0 0 1" ]
}

@test "wire pads: rows and the account of the run tell what the kernel sent" {
	rm -f "$work"/traces.db*
	same timeout 60 "$wire/wire" unseen -
	"$root/build/traceshim" export --format json | jq '[.[].spans[]]' >"$work/spans.json"
	holds 'map([.success, .attributes.wire.unseen_bytes, .input_data.body.truncated, .model]) | sort ==
		([[true, 40, 40, null], [true, 25, 40, null], [true, null, null, "gpt-4o"], [true, null, null, "four"],
		[false, null, null, null]] | sort)' <"$work/spans.json"
	holds 'map(select(.success | not).error) == ["its end was not recorded"]' <"$work/spans.json"
	"$root/build/traceshim" list --runs --json |
		holds '.[0].attributes.wire | .connections == 5 and .recorded == 3 and .bypassed == 4'
	"$root/build/traceshim" list --runs | grep -Fx '  wire  5 connections, 3 to LLM APIs, 4 by calls that are not read'
}

# --- rules of the file for the same functions -------------------------------------------------------------

@test "wire pads: a rule of the file for the same function has its spans, and messages lie where they belong" {
	for rule in 'w = int SSL_write(void *ssl, const void *buf, int n)' 's* = SSL_*'; do
		rm -rf "$TRACESHIM_SPOOL" "$work"/traces.db*
		rules '[pipeline]' 'talk = talk' '[agent]' 'ask = ask' '[tool]' "$rule" '[wire]' 'openssl = on'
		same timeout 60 "$wire/wire" forked
		no_secret
		# inside the span of what sends, the rule's own being over by then; outside there is none
		diff - <(told) <<-'EOF'
		1 0 sent 0 inside,parent ask 1
		1 1 received 0 - answer 1
		1 2 sent 104 - ask 2
		1 3 received 46 - answer 2
		1 4 sent 208 inside,parent ask 3
		1 5 received 92 - answer 3
		2 0 sent 0 inside,parent ask 77
		2 1 received 0 - answer 77
		EOF
		traces >"$work/list.json"
		[ "$(sql "SELECT count(*) FROM pipeline_spans WHERE kind = 'tool' AND function = 'SSL_write'")" -eq 3 ]
		[ "$(sql "SELECT count(*) FROM pipeline_spans w JOIN pipeline_spans a ON a.span_id = w.parent_span_id
			WHERE w.function = 'SSL_write' AND a.span_name = 'agent:ask'")" -eq 3 ]
	done
	[ "$(sql "SELECT count(*) FROM pipeline_spans WHERE span_name = 'tool:SSL_read'")" -eq 3 ]
}
