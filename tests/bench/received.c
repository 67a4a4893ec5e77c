// SPDX-License-Identifier: Apache-2.0
/*
 * received recorded|alone BYTES READS BURSTS: ns per SSL_read of so many bytes, one line a burst, on a connection to an LLM provider
 * or to somebody else. The first burst is not timed; between bursts the flusher catches up (calls.c).
 */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "spool.h"
#include "tls.h"

#define PAUSE_US 2000

static char buffer[BENCH_TLS_MOST];

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double run_burst(void *tls, int bytes, int reads)
{
	double start = now_ns();

	for (int i = 0; i < reads; i++)
		SSL_read(tls, buffer, bytes);
	return (now_ns() - start) / reads;
}

/* A request whose response never ends. */
static void ask(void *tls, const char *host)
{
	char text[256];
	int n = snprintf(
		text, sizeof(text),
		"POST /v1/chat/completions HTTP/1.1\r\nHost: %s\r\nContent-Length: 2\r\n\r\n{}",
		host);

	SSL_write(tls, text, n);
}

int main(int argc, char **argv)
{
	struct bench_spool spool;
	bool recorded = argc > 1 && strcmp(argv[1], "recorded") == 0, traced;
	int bytes, reads, bursts;

	if (argc != 5)
		return 2;
	bytes = atoi(argv[2]);
	reads = atoi(argv[3]);
	bursts = atoi(argv[4]);
	ask(&bytes, recorded ? "api.openai.com" : "www.example.com");
	run_burst(&bytes, bytes, reads);
	usleep(PAUSE_US);
	traced = bench_spool_open(&spool);
	for (int i = 0; i < bursts; i++) {
		usleep(PAUSE_US);
		if (traced)
			bench_spool_wait(&spool, UINT64_MAX);
		printf("%.3f\n", run_burst(&bytes, bytes, reads));
	}
	return 0;
}
