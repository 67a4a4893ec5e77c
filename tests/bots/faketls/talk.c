// SPDX-License-Identifier: Apache-2.0
/* wire WAY: calls of SSL_read and its kin, left and interrupted in every way. Ends by SIGKILL: what it recorded lies in its rings. */
#include "talk.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void ask(SSL *tls, int number)
{
	char text[512], body[64];

	snprintf(body, sizeof(body), "{\"model\":\"gpt-4o\",\"n\":%d}", number);
	snprintf(text, sizeof(text),
		 "POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\n"
		 "Authorization: Bearer SECRET\r\nContent-Length: %zu\r\n\r\n%s",
		 strlen(body), body);
	if (SSL_write(tls, text, (int)strlen(text)) != (int)strlen(text))
		printf("not all of %d was sent\n", number);
}

void lay_ready(SSL *tls, int number)
{
	static __thread char text[128];

	snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{\"n\":%02d}",
		 number);
	tls->incoming = text;
	tls->n_incoming = strlen(text);
}

int hear(SSL *tls)
{
	char text[256];
	int n = SSL_read(tls, text, sizeof(text));

	printf("%d bytes\n", n);
	return n > 0 ? n : -1;
}

void answer(SSL *tls, int number)
{
	lay_ready(tls, number);
	hear(tls);
}

void talk(SSL *tls, int number)
{
	ask(tls, number);
	answer(tls, number);
}

int main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "";

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (ways(way) < 0 && stray(way) < 0)
		return 2;
	if (argc < 3)
		raise(SIGKILL);
	return 0; /* the way out that exit handlers see */
}
