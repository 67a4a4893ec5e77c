#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Plain sockets, of which symbols.conf lists one address: by every function that sends and receives, and whatever else has their
# numbers.

bats_require_minimum_version 1.5.0
load helper

setup() {
	scratch
	wire=$bots/faketls
	# that are free, and that the kernel gives nobody who asks for any
	read -r port other < <(python3 -c '
import random, socket
def free(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) != 0
print(*[port for port in random.sample(range(20000, 30000), 50) if free(port)][:2])')
	rules '[wire]' "http = 127.0.0.1:$port"
}

# told: what was recorded, one line a message; a request by its path, an answer by its number.
told() {
	python3 "$root/tests/e2e/messages.py" "$TRACESHIM_SPOOL" |
		sed -E 's/POST \/(\w+) HTTP\/1.1\|host: here\|content-length: 2\|\|\{\}$/\1/
			s/HTTP\/1.1 200 OK.*"n":0?([0-9]+)\}$/answer \1/'
}

# tells WAY: the program does the same with the shim, and records what is on standard input.
tells() {
	same timeout 60 "$wire/sockets" "$1" "$port" "$other"
	[ "$(cat "$work/traced.status")" -eq 137 ]
	diff - <(told)
	! grep -la SECRET "$TRACESHIM_SPOOL"/*/* || false
}

counts() {
	python3 "$root/tests/e2e/messages.py" "$TRACESHIM_SPOOL" counts
}

@test "wire sockets: every function, whole and in pieces; what is only peeked at comes once" {
	tells each <<-'EOF'
	1 0 sent 0 listed send
	1 1 received 0 listed answer 1
	1 2 sent 56 listed write
	1 3 received 46 listed answer 2
	1 4 sent 113 listed writev
	1 5 received 92 listed HTTP/1.1 200 OK|
	1 6 received 109 listed Content-Length: 8||{"n":03}
	1 7 sent 171 listed sendmsg
	1 8 received 138 listed HTTP/1.1 200 OK|
	1 9 received 155 listed Content-Length: 8||{"n":04}
	1 10 sent 230 listed sendto
	1 11 received 184 listed answer 5
	1 12 received 230 listed,last,client 
	EOF
}

@test "wire sockets: with lengths that are checked, and seven arguments" {
	nm -uD "$wire/sockets" | grep -w __recvfrom_chk
	tells checked <<-'EOF'
	1 0 sent 0 listed checked
	1 1 received 0 listed answer 1
	1 2 sent 59 listed checked
	1 3 received 46 listed answer 2
	1 4 sent 118 listed checked
	1 5 received 92 listed answer 3
	1 6 received 138 listed,last,client 
	EOF
}

@test "wire sockets: connected without waiting, and to an IPv4 address by IPv6" {
	tells connecting <<-'EOF'
	1 0 sent 0 listed nonblocking
	1 1 received 0 listed answer 1
	1 2 received 46 listed,last,client 
	2 0 sent 0 listed mapped
	2 1 received 0 listed answer 1
	2 2 received 46 listed,last,client 
	EOF
}

@test "wire sockets: other ports, UNIX sockets, pipes, descriptors past the list" {
	for way in aside high; do
		tells $way </dev/null
	done
}

@test "wire sockets: a number that becomes a file's, seen or not, and a socket's again" {
	tells reused <<-'EOF'
	1 0 sent 0 listed first
	1 1 received 0 listed answer 1
	1 2 received 46 listed,last,client 
	2 0 sent 0 listed last
	2 1 received 0 listed answer 1
	2 2 received 46 listed,last,client 
	EOF
}

@test "wire sockets: what passes by a second number is not seen" {
	tells duplicate <<-'EOF'
	1 0 sent 0 listed one
	1 1 received 0 listed answer 1
	1 2 sent 55 listed three
	1 3 received 46 listed answer 3
	1 4 received 92 listed,last,client 
	EOF
}

@test "wire sockets: a child goes on with its parent's as with a new one" {
	tells inherited <<-'EOF'
	1 0 sent 0 listed parent
	1 1 received 0 listed answer 1
	1 2 sent 58 listed after
	1 3 received 46 listed answer 3
	1 4 received 92 listed,last,client 
	2 0 sent 0 listed child
	2 1 received 0 listed answer 2
	2 2 received 46 listed,last,client 
	EOF
}

@test "wire sockets: ten thousand, of which a thousand send" {
	same timeout 60 "$wire/sockets" many "$port" "$other"
	[[ $(counts) == "1000 1000 0 0 0 0 "*" 0" ]]
}

# --- what is not read ------------------------------------------------------------------------------------

@test "wire sockets: sendmmsg and recvmmsg" {
	tells several <<-'EOF'
	1 0 sent 0 listed several
	1 1 received 0 listed answer 1
	1 2 received 46 listed,last,client 
	EOF
	[ "$(counts)" = "1 1 0 0 0 0 0 0" ]
}

@test "wire sockets: a body that sendfile sends is a gap; a request that it sends ends the connection" {
	tells sendfile <<-'EOF'
	1 0 sent 0 listed POST /sendfile HTTP/1.1|host: here|content-length: 2||
	1 1 sent 60 listed 
	1 2 received 0 listed answer 1
	1 3 sent 60 listed behind
	1 4 received 46 listed answer 2
	1 5 received 92 listed,last,client 
	3 0 sent 0 listed last
	3 1 received 0 listed answer 1
	3 2 received 46 listed,last,client 
	EOF
	[ "$(counts)" = "3 2 0 0 0 0 0 2" ]
}

@test "wire sockets: a splice into a socket, and out of it" {
	tells splice <<-'EOF'
	1 0 sent 0 listed POST /splice HTTP/1.1|host: here|content-length: 2||
	1 1 sent 58 listed 
	1 2 received 0 listed answer 1
	1 3 sent 58 listed out
	1 4 received 46 listed,last,unseen 
	EOF
	[ "$(counts)" = "1 1 0 0 0 0 0 1" ]
}

@test "wire sockets: streams of stdio" {
	tells stream </dev/null
	[ "$(counts)" = "1 0 0 0 0 0 0 1" ]
}

@test "wire sockets: a program's own functions by these names are its own" {
	same "$wire/own"
	[ "$(cat "$work/traced.out")" = "97.5 closed 867" ]
	TRACESHIM_REPORT=$work/report traced "$wire/own"
	! grep -E '^wire	(connect|close|recv)	own' "$work/report" || false
}
