// SPDX-License-Identifier: Apache-2.0
#include "tls.h"

#include <string.h>

int tls_sends_blindly;

/* Calls of each other would go through no slot, and are none of the program's. */
static size_t take(SSL *tls, void *buffer, size_t n)
{
	size_t most = tls->most && tls->most < n ? tls->most : n;

	if (tls->act)
		tls->act(tls);
	n = tls->n_incoming < most ? tls->n_incoming : most;
	memcpy(buffer, tls->incoming, n);
	tls->incoming += n;
	tls->n_incoming -= n;
	return n;
}

static size_t give(SSL *tls, const void *text, size_t n)
{
	volatile char last = 0;

	if (tls->act)
		tls->act(tls);
	if (n && !tls_sends_blindly)
		last = ((const char *)text)[n - 1];
	(void)last;
	if (tls->most && n > tls->most)
		n = tls->most;
	tls->n_sent += n;
	return n;
}

int SSL_read(SSL *tls, void *buffer, int n)
{
	return (int)take(tls, buffer, (size_t)n);
}

int SSL_read_ex(SSL *tls, void *buffer, size_t n, size_t *ret_n)
{
	*ret_n = take(tls, buffer, n);
	return *ret_n > 0;
}

int SSL_write(SSL *tls, const void *text, int n)
{
	return (int)give(tls, text, (size_t)n);
}

int SSL_write_ex(SSL *tls, const void *text, size_t n, size_t *ret_n)
{
	*ret_n = give(tls, text, n);
	return *ret_n > 0;
}

ssize_t SSL_sendfile(SSL *tls, int fd, off_t offset, size_t n, int flags)
{
	(void)fd;
	(void)offset;
	(void)flags;
	if (!tls->in_kernel)
		return -1;
	tls->n_sent += n;
	return (ssize_t)n;
}

int SSL_write_early_data(SSL *tls, const void *text, size_t n, size_t *ret_n)
{
	return SSL_write_ex(tls, text, n, ret_n);
}

/* 2: it has to wait; 6: the other side has ended it. */
int SSL_get_error(const SSL *tls, int result)
{
	(void)result;
	return tls->n_incoming ? 2 : 6;
}

void SSL_free(SSL *tls)
{
	if (tls)
		memset(tls, 0, sizeof(*tls));
}
