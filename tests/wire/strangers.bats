#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
#
# Programs that have nothing to do with LLM APIs, or speak to them in a way that is not seen: they do what they did.

load wire

setup_file() {
	wire_begin
	serve stranger.traced
	wire_conf stranger
	# a server of files, by the same certificate
	mkdir site
	git init -q --bare site/repo.git
	git init -q tree
	git -C tree -c user.name=a -c user.email=a@b commit -q --allow-empty -m first
	git -C tree push -q "$work/site/repo.git" HEAD:main
	git -C site/repo.git update-server-info
	echo "a page" >site/page.txt
	/usr/bin/python3 - "$work/servers/stranger.traced" >site.port 2>/dev/null 3>&- <<-'EOF' &
		import functools, http.server, ssl, sys
		handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory="site")
		server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
		context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
		context.load_cert_chain(sys.argv[1] + "/cert.pem", sys.argv[1] + "/key.pem")
		server.socket = context.wrap_socket(server.socket, server_side=True)
		print(server.server_port, flush=True)
		server.serve_forever()
	EOF
	echo $! >site.pid
	soon test -s site.port
}

teardown_file() {
	kill "$(cat "$BATS_FILE_TMPDIR/site.pid")"
	python_end
}

setup() {
	cd "$work"
	site=https://localhost:$(cat site.port)
	certificate=$work/servers/stranger.traced/cert.pem
	export TRACESHIM_CONF=$work/stranger.conf TRACESHIM_STORE=sqlite:$work/$BATS_TEST_NUMBER.db
}

no_trace() {
	[ "$("$root/build/traceshim" list --json)" = "[]" ]
}

@test "strangers: openssl s_client, of a page" {
	printf 'GET /page.txt HTTP/1.0\r\n\r\n' >request
	# the server ends without a word, which is an error to s_client
	ask() {
		openssl s_client -quiet -verify_quiet -ign_eof -CAfile "$certificate" -connect "${site#https://}" <request \
			2>/dev/null || echo "status $?"
	}
	ask >plain.page
	LD_PRELOAD=$shim ask >traced.page
	diff plain.page traced.page
	grep -q "a page" traced.page
	no_trace
}

@test "strangers: curl, of pages" {
	same curl -sS --cacert "$certificate" "$site/page.txt" "$site/none" "$site/page.txt"
	grep -q "a page" traced.out
	no_trace
}

@test "strangers: wget, whose TLS is GnuTLS: it is told as unseen" {
	same wget -q -O - --ca-certificate="$certificate" "$site/page.txt"
	grep -q "a page" traced.out
	no_trace
	"$root/build/traceshim" check -- wget -q -O page --ca-certificate="$certificate" "$site/page.txt" >checked
	grep -E 'unseen +GnuTLS in .*libgnutls' checked
}

@test "strangers: git over https" {
	export GIT_SSL_CAINFO=$certificate GIT_TERMINAL_PROMPT=0
	same git ls-remote "$site/repo.git"
	grep -q refs/heads/main traced.out
	git clone -q "$site/repo.git" plain.clone
	LD_PRELOAD=$shim git clone -q "$site/repo.git" traced.clone
	diff <(git -C plain.clone log) <(git -C traced.clone log)
	no_trace
}
