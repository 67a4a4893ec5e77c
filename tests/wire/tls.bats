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

# tls CASE: as client does, by the program tls.
tls() {
	# shellcheck disable=SC2016 # the server's address is not known here
	client directed "$1" sh -c 'address=${OPENAI_BASE_URL#https://}; exec "$0" "$1" "${address%/v1}" "$SSL_CERT_FILE"' \
		"$tls" "$1"
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

# unseen CASE: the same, and nothing is told of what nobody saw.
unseen() {
	accounted() {
		observed "$1" dump "$1"
		[ "$(jq length "$1.json")" -eq 0 ]
	}
	tls "$1"
}

@test "tls: through a BIO, which is not followed" {
	unseen bio
}

@test "tls: sent by the kernel, which is not followed" {
	unseen sendfile
	! grep -q 'does not encrypt' sendfile.traced.out || skip "this kernel has no TLS"
}
