// SPDX-License-Identifier: Apache-2.0
/*
 * stream CERTIFICATE KEY STREAMS: us from a request to the end of its response of a thousand events, over TLS on loopback, and us of CPU
 * that the client takes for it, one line a stream. The server is a child. Between streams the flusher
 * catches up.
 */

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "spool.h"

#define PIECES 1000

static const char request[] =
	"POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\nContent-Length: 31\r\n\r\n"
	"{\"model\":\"gpt-4o\",\"stream\":true}";
static const char head[] =
	"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
static const char event[] =
	"data: "
	"{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"model\":\"gpt-4o\","
	"\"choices\":"
	"[{\"index\":0,\"delta\":{\"content\":\" word\"},\"finish_reason\":null}]}\n\n";

static double now_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int listen_somewhere(struct sockaddr_in *ret)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t bytes = sizeof(*ret);

	*ret = (struct sockaddr_in){.sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (bind(fd, (struct sockaddr *)ret, sizeof(*ret)) || listen(fd, 1) ||
	    getsockname(fd, (struct sockaddr *)ret, &bytes))
		exit(2);
	return fd;
}

static void serve(int listener, char **argv)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	char text[1024], chunk[512];
	int n = snprintf(chunk, sizeof(chunk), "%zx\r\n%s\r\n", sizeof(event) - 1, event);
	SSL *tls;
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (SSL_CTX_use_certificate_file(context, argv[1], SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_use_PrivateKey_file(context, argv[2], SSL_FILETYPE_PEM) != 1)
		exit(2);
	tls = SSL_new(context);
	fd = accept(listener, NULL, NULL);
	/* each event goes out at once, as a server of such streams sees to */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	SSL_set_fd(tls, fd);
	if (SSL_accept(tls) != 1)
		exit(2);
	while (SSL_read(tls, text, sizeof(text)) > 0) {
		SSL_write(tls, head, sizeof(head) - 1);
		for (int i = 0; i < PIECES; i++)
			SSL_write(tls, chunk, n);
		SSL_write(tls, "0\r\n\r\n", 5);
	}
	exit(0);
}

static SSL *connect_to(const struct sockaddr_in *server)
{
	SSL *tls = SSL_new(SSL_CTX_new(TLS_client_method()));
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (const struct sockaddr *)server, sizeof(*server)))
		exit(2);
	SSL_set_fd(tls, fd);
	if (SSL_connect(tls) != 1)
		exit(2);
	return tls;
}

static void run(SSL *tls)
{
	double start = now_us(CLOCK_MONOTONIC), cpu = now_us(CLOCK_THREAD_CPUTIME_ID);
	char text[1024];
	int n;

	SSL_write(tls, request, sizeof(request) - 1);
	do
		n = SSL_read(tls, text, sizeof(text));
	while (n > 0 && (n < 5 || memcmp(text + n - 5, "0\r\n\r\n", 5) != 0));
	if (n <= 0)
		exit(2);
	printf("%.3f %.3f\n", now_us(CLOCK_MONOTONIC) - start,
	       now_us(CLOCK_THREAD_CPUTIME_ID) - cpu);
}

int main(int argc, char **argv)
{
	struct sockaddr_in server;
	struct bench_spool spool;
	bool traced;
	int listener;
	SSL *tls;

	if (argc != 4)
		return 2;
	listener = listen_somewhere(&server);
	if (fork() == 0)
		serve(listener, argv);
	tls = connect_to(&server);
	run(tls);
	traced = bench_spool_open(&spool);
	for (int i = atoi(argv[3]); i; i--) {
		usleep(2000);
		if (traced)
			bench_spool_wait(&spool, UINT64_MAX);
		run(tls);
	}
	return 0;
}
