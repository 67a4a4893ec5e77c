#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Prototypes that are wrong and pointers that lead nowhere: what a rule follows never harms the program, and
# the program's own faults are its own.

bats_require_minimum_version 1.5.0
load helper

setup() {
	scratch
	wild=$bots/wild/wild
	rules '[pipeline]' 'visit = int visit(void (*what)(void))' \
		'for = int visit_for(const char *tenant_id, void (*what)(void))' \
		'[tool]' 'text = const char *text(const char *text)' 'bytes = size_t bytes(const char data[n], size_t n)'
}

# calls: how often each value was recorded, of text and of bytes.
calls() {
	traces >"$work/list.json"
	sql "SELECT count(*), span_name, input_data, coalesce(json_extract(output_data, '$.result'), '-')
		FROM pipeline_spans WHERE span_name LIKE 'tool:%' GROUP BY 2, 3, 4 ORDER BY 2, 3"
}

# unreadable N: each of the five was, N times, and what can be read was read.
unreadable() {
	diff - <(calls) <<-EOF
	$1 tool:bytes {"data":"still there","n":11} 11
	$1 tool:bytes {"data":{"unreadable":"0x10000000"},"n":11} 11
	$1 tool:bytes {"data":{"unreadable":"0x20000ff6"},"n":11} 11
	$1 tool:bytes {"data":{"unreadable":"0x2a"},"n":11} 11
	$1 tool:bytes {"data":{"unreadable":"0x30000008"},"n":11} 11
	$1 tool:bytes {"data":{"unreadable":"0x40001000"},"n":11} 11
	$1 tool:text {"text":"still there"} still there
	$1 tool:text {"text":{"unreadable":"0x10000000"}} {"unreadable":"0x10000000"}
	$1 tool:text {"text":{"unreadable":"0x20000ff6"}} {"unreadable":"0x20000ff6"}
	$1 tool:text {"text":{"unreadable":"0x2a"}} {"unreadable":"0x2a"}
	$1 tool:text {"text":{"unreadable":"0x30000008"}} {"unreadable":"0x30000008"}
	$1 tool:text {"text":{"unreadable":"0x40001000"}} {"unreadable":"0x40001000"}
	EOF
	[ "$(sql "SELECT count(*) FROM pipeline_spans WHERE NOT success")" = 0 ]
}

# --- pointers ------------------------------------------------------------------------------------------

@test "wild: pointers that lead nowhere are recorded as such, and the program goes on" {
	same "$wild" pointers
	unreadable 3
	holds 'length == 1 and all(.success)' <"$work/list.json"
}

@test "wild: a tenant that cannot be read is none" {
	same "$wild" pointers tenant
	unreadable 3
	holds 'map([.pipeline_name, .tenant_id, .input_data.tenant_id.unreadable])
		== [["for", "", "0x10000000"]]' <"$work/list.json"
}

@test "wild: a budget that is used up, and none" {
	export TRACESHIM_CAPTURE=4
	same "$wild" pointers
	traces | holds 'length == 1'
	[ "$(sql "SELECT count(*) FROM pipeline_spans WHERE input_data LIKE '%unreadable%'")" = 30 ]
	export TRACESHIM_CAPTURE=0
	same "$wild" pointers
	traces | holds 'length == 2'
	[ "$(sql "SELECT count(*) FROM pipeline_spans WHERE input_data LIKE '%unreadable%'")" = 30 ]
}

@test "wild: threads that block every signal" {
	same "$wild" block
	unreadable 300
}

# --- faults of the program's own ------------------------------------------------------------------------

@test "wild: handlers of every style see the program's faults as they would, and no others" {
	same "$wild" handle
	unreadable 220
}

@test "wild: a handler that jumps out, as of a garbage collector" {
	same "$wild" jump
	unreadable 20
}

@test "wild: faults of many threads at once" {
	same "$wild" race
	unreadable 480
}

@test "wild: a handler on an alternate stack for a stack that has overflowed" {
	same "$wild" overflow
	unreadable 2
}

@test "wild: what was set for a signal is what is found" {
	same "$wild" query
}

@test "wild: a handler that was set by a system call is noticed" {
	same "$wild" call
	calls >"$work/calls"
	grep '^102 tool:bytes {"data":{"unreadable":"0x20000ff6"}' "$work/calls"
}

@test "wild: exec, vfork and fork find the dispositions that the program set" {
	same "$wild" exec
	same "$wild" vfork
	same "$wild" fork
	unreadable 56
}

@test "wild: the program dies as it would have died" {
	local how
	for how in null nowhere far file data raise kill queue overflow twice in_handler ignored blocked removed; do
		same "$wild" die $how || { echo "die $how"; return 1; }
		[ "$(cat "$work/traced.status")" -gt 128 ]
	done
}

@test "wild: a debugger is told the same of a death: signal, code, address and place" {
	local how
	for how in null nowhere far file data raise kill queue twice in_handler blocked removed; do
		same "$wild" watch $how || { echo "watch $how"; return 1; }
	done
}

@test "wild: in a handler that masks every signal" {
	cat >bot.c <<-'EOF'
	#include <signal.h>
	#include <stdio.h>
	__attribute__((noinline)) int visit(const char *text) { return printf("%d\n", text == NULL); }
	static void handle(int number) { visit((const char *)(unsigned long)(0x10000000 + number)); }
	int main(void)
	{
		struct sigaction action = {.sa_handler = handle}, seen;
		sigfillset(&action.sa_mask);
		visit("before");
		sigaction(SIGUSR1, &action, NULL);
		sigaction(SIGUSR1, NULL, &seen);
		printf("%d %d\n", sigismember(&seen.sa_mask, SIGSEGV), sigismember(&seen.sa_mask, SIGBUS));
		return raise(SIGUSR1);
	}
	EOF
	gcc -O1 -o bot bot.c
	rules '[trace]' 'orphans = trace' '[tool]' 'visit = int visit(const char *text)'
	same ./bot
	traces >/dev/null
	diff - <(sql "SELECT input_data FROM pipeline_spans ORDER BY 1") <<-'EOF'
	{"text":"before"}
	{"text":{"unreadable":"0x1000000a"}}
	EOF
}
