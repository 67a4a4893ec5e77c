#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# What a client may do to libssl besides reading and writing: it is unharmed, and its calls are told as they were.

load wire

setup_file() {
	wire_begin
}

teardown_file() {
	python_end
}

setup() {
	cd "$work"
	tls=$root/build/bots/wire/tls
}

# tls CASE [_inside]: as client does, by the program tls, or by the one that has libssl inside of it.
tls() {
	# shellcheck disable=SC2016 # the server's address is not known here
	client directed "$1${2-}" sh -c 'address=${OPENAI_BASE_URL#https://}; exec "$0" "$1" "${address%/v1}" "$SSL_CERT_FILE"' \
		"$tls${2-}" "$1"
}

@test "tls: reads of a byte, of seven, of a hundred" {
	tls partial
}

@test "tls: writes and reads that do not wait, parts of which are done" {
	tls nonblocking
}

@test "tls: what is peeked at is not read" {
	tls peek
}

@test "tls: closed before the answer was there" {
	tls early
}

@test "tls: a connection that a forked child goes on with" {
	tls fork
}

@test "tls: ended by SSL_shutdown" {
	tls shutdown
}

@test "tls: other keys in the middle" {
	tls keyupdate
}

@test "tls: negotiated once more" {
	tls renegotiate
}

@test "tls: through a BIO, whichever function says it" {
	tls bio
	tls bio _inside
}

@test "tls: through a BIO that another one buffers for" {
	tls buffered
	tls buffered _inside
}

@test "tls: sent by a kernel that does not encrypt, and so by OpenSSL" {
	tls refused
	grep -q 'refused: -1' refused.traced.out
}

# Its own account holds where the kernel does not encrypt. Else of the first body there is a gap, and all else is there.
@test "tls: sent by the kernel" {
	eval "plainly_$(declare -f accounted)"
	accounted() {
		! grep -q 'does not encrypt' sendfile.traced.out || { plainly_accounted "$1"; return; }
		observed "$1" dump "$1"
		jq -e '[.[].spans[]] | sort_by(.started_at) | length == 2 and all(.success and .output_tokens > 0)
			and .[0].attributes.wire.unseen_bytes > 0 and .[0].input_data.body.truncated == .[0].attributes.wire.unseen_bytes
			and .[1].attributes.wire.unseen_bytes == null and .[1].input_data.messages' "$1.json"
		observed "$1" "$root/build/traceshim" list --runs --json |
			jq -e '.[0].attributes.wire | .recorded == 1 and .bypassed == 1 and .unreadable == 0'
	}
	tls sendfile
	! grep -q 'does not encrypt' sendfile.traced.out || skip "this kernel has no TLS"
}
