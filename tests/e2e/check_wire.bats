#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# `traceshim check`: what [wire] asks for, and which TLS libraries a program holds.

bats_require_minimum_version 1.5.0
load helper

export BATS_TEST_TIMEOUT=600

setup() {
	scratch
	traceshim=$root/build/traceshim
	cc="${CC:-cc} -g -O2 -w -fPIC"
	rules '[wire]' 'openssl = on'
}

# OpenSSL's functions, as a source.
openssl() {
	cat <<-'END'
		#define WRAPPED __attribute__((noipa)) int
		WRAPPED SSL_read(void *ssl, void *to, int n) { return n + 1; }
		WRAPPED SSL_write(void *ssl, const void *from, int n) { return n + 2; }
		WRAPPED SSL_read_ex(void *ssl, void *to, unsigned long n, unsigned long *done) { return n + 3; }
		WRAPPED SSL_write_ex(void *ssl, const void *from, unsigned long n, unsigned long *done) { return n + 4; }
		WRAPPED SSL_free(void *ssl) { return !ssl; }
		WRAPPED SSL_get_error(void *ssl, int result) { return result; }
	END
}

# What calls them all.
client() {
	echo 'int client(int n) { return SSL_read(0, 0, n) + SSL_write(0, 0, n) + SSL_read_ex(0, 0, n, 0) +
		SSL_write_ex(0, 0, n, 0) + SSL_free(0); }'
}

# library NAME SOURCE [OPTION...]: libNAME.so
library() {
	echo "$2" >"$1.c"
	$cc "${@:3}" -shared -Wl,-soname,"lib$1.so" -o "lib$1.so" "$1.c"
}

# program LIBRARY...: ./main, which has client() and these
program() {
	echo 'int client(int n); int main(int argc, char **argv) { return client(argc); }' >main.c
	$cc -o main main.c client.c -Wl,--no-as-needed,-rpath,"$PWD" -L. "${@/#/-l}"
}

# wire FILTER: of what is said of [wire]
wire() { "$traceshim" check --json -- ./main | jq -c ".wire$1"; }

# library and reason of each
tls() { wire '.libraries | map([.library, .seen, .reason])'; }

@test "wire: what the file asks for, without a program" {
	rules '[wire]' 'openssl = on' 'http = localhost:8080, *:11434' 'gateway = https://LLM.Example.com:8443/v1 as corp' \
		'gateway = other'
	run -0 "$traceshim" check
	[ "$output" = "$TRACESHIM_CONF: 0 rules, 0 faults

[wire]
    reads   openssl; http 127.0.0.1:8080, [::1]:8080, *:11434; gateway
            llm.example.com:8443/v1 as corp, other" ]
	run -0 "$traceshim" check --json
	[ "$(jq -c .wire <<<"$output")" = '{"openssl":true,"http":["127.0.0.1:8080","[::1]:8080","*:11434"],"gateways":["llm.example.com:8443/v1 as corp","other"],"functions":[],"libraries":[]}' ]
	rules '[wire]'
	run -0 "$traceshim" check
	[ "${lines[2]}" = '    reads   nothing: write openssl = on, or http = ADDRESS:PORT' ]
	rules '[tool]' 'a = f'
	[ "$("$traceshim" check --json | jq .wire)" = null ]
	rules '[wire]' 'openssl = yes' 'http = ollama:11434'
	run -1 "$traceshim" check
	[[ $(tr -s ' \n' ' ' <<<"$output") == *"$TRACESHIM_CONF:2:11: expected 'on' or 'off', found 'yes'"* ]]
	[[ $(tr -s ' \n' ' ' <<<"$output") == *"'ollama' is a name, which no connection bears: write its address, or *:11434"* ]]
}

@test "wire: OpenSSL as a library, by slots" {
	library ssl "$(openssl)"
	client >client.c
	program ssl
	[ "$(wire '.functions | map([.function, .how])')" = \
		'[["SSL_free","slots"],["SSL_read","slots"],["SSL_read_ex","slots"],["SSL_write","slots"],["SSL_write_ex","slots"]]' ]
	[ "$(wire '.functions | map(.object) | unique')" = "[\"$PWD/libssl.so\"]" ]
	[ "$(wire .libraries)" = "[{\"library\":\"OpenSSL\",\"object\":\"$PWD/libssl.so\",\"seen\":true,\"reason\":null}]" ]
	run -0 "$traceshim" check -- ./main
	[[ $output == *$'\n    sees    OpenSSL in '*/libssl.so* ]]
	[[ $(tr -s ' \n' ' ' <<<"$output") == *" wraps SSL_free, SSL_read, SSL_read_ex, SSL_write, SSL_write_ex in $PWD/libssl.so, by slots "* ]]
}

@test "wire: OpenSSL inside the program, by entries; without symbols it is found by its traces" {
	{ openssl; client; echo 'const char *trace(void) { return "../ssl/ssl_lib.c"; }'; } >client.c
	program
	[ "$(wire '.functions | map(.how) | unique')" = '["entry"]' ]
	[ "$(tls)" = '[["OpenSSL",true,null]]' ]
	strip main
	[ "$(wire .functions)" = '[]' ]
	[ "$(tls)" = '[["OpenSSL",false,"it lies inside without symbols, so its SSL_write cannot be found"]]' ]
	# nobody asks
	rules '[wire]' 'http = *:80'
	[ "$(tls)" = '[]' ]
	run -0 "$traceshim" check -- ./main
	[[ $output != *OpenSSL* ]]
}

@test "wire: who wears OpenSSL's names is told by its own" {
	library boring "$(openssl) void SSL_CTX_set_grease_enabled(void *ctx, int on) {}"
	library libre "$(openssl) int SSL_CTX_load_verify_mem(void *ctx, void *bytes, int n) { return 0; }"
	client >client.c
	program boring libre
	[ "$(tls)" = '[["BoringSSL",true,null],["LibreSSL",true,null]]' ]
}

@test "wire: other libraries are named, and not seen" {
	local name
	for name in gnutls_record_send SSL_ImportFD mbedtls_ssl_write wolfSSL_write s2n_send rustls_connection_write_tls; do
		library "$name" "int $name(void) { return 1; }"
	done
	library traces 'const char *trace(void) { return "/root/.cargo/registry/src/index-1/rustls-0.23.5/src/lib.rs"; }'
	library types 'const char *types(void) { return "/root/.cargo/registry/src/index-1/rustls-pki-types-1.0/src/lib.rs"; }'
	echo 'int client(int n) { return n; }' >client.c
	program gnutls_record_send SSL_ImportFD mbedtls_ssl_write wolfSSL_write s2n_send rustls_connection_write_tls traces types
	[ "$(wire '.libraries | map(.library)')" = '["GnuTLS","NSS","Mbed TLS","wolfSSL","s2n-tls","rustls","rustls"]' ]
	[ "$(wire '.libraries | map(.seen) | unique')" = '[false]' ]
	[ "$(wire '.libraries[6].object')" = "\"$PWD/libtraces.so\"" ]
	run -0 "$traceshim" check -- ./main
	[[ $(tr -s ' \n' ' ' <<<"$output") == *" unseen GnuTLS in $PWD/libgnutls_record_send.so: [wire] reads what passes through OpenSSL and its like alone "* ]]
}

@test "wire: none is loaded yet" {
	echo 'int client(int n) { return n; }' >client.c
	program
	[ "$(wire .libraries)" = '[]' ]
	run -0 "$traceshim" check -- ./main
	[[ $output == *$'\n    missing no TLS library is loaded; '* ]]
}

@test "wire: a rule of the file has its function, too" {
	library ssl "$(openssl)"
	client >client.c
	program ssl
	rules '[tool]' 'mine = int SSL_write(void *, const char text[n], int n)' '[wire]' 'openssl = on'
	[ "$(tls)" = '[["OpenSSL",true,null]]' ]
	[ "$(wire '.functions | map(.function) | index("SSL_write")')" != null ]
	[ "$("$traceshim" check --json -- ./main | jq '.rules[0].hooks | length')" = 1 ]
	rules '[tool]' 'all = SSL_*' '[wire]' 'openssl = on'
	[ "$(tls)" = '[["OpenSSL",true,null]]' ]
	# sockets alone
	rules '[wire]' 'http = *:80'
	[ "$(wire '.functions | map(.function) | index("SSL_write")')" = null ]
}

@test "wire: what lies outside every pipeline is said to be" {
	library ssl "$(openssl)"
	client >client.c
	program ssl
	rules '[pipeline]' 'gone = nowhere' '[wire]' 'openssl = on'
	run -0 "$traceshim" check -- ./main
	[[ $output == *"No pipeline of this file is in this program"* ]]
	rules '[wire]' 'openssl = on'
	run -0 "$traceshim" check -- ./main
	[[ $output != *"No pipeline"* ]]
}

@test "wire: of the system's programs" {
	[ "$("$traceshim" check --json -- curl | jq -c '.wire.libraries | map(select(.seen)) | map(.library)')" = '["OpenSSL"]' ]
	[ "$("$traceshim" check --json -- wget | jq -c '.wire.libraries | map(.library)')" = '["GnuTLS"]' ] ||
		[ "$("$traceshim" check --json -- wget | jq -c '.wire.libraries | map(.library)')" = '["OpenSSL"]' ]
}
