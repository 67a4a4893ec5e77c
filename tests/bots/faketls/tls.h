/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TLS_H
#define TLS_H

/* Functions as OpenSSL has them, that encrypt nothing: what is sent is counted, what is received was laid ready. */

#include <stddef.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tls {
	const char *incoming; /* the rest of what is to be received */
	size_t n_incoming;
	size_t most;                  /* of it, in one call; 0: all */
	size_t n_sent;                /* in all */
	void (*act)(struct tls *tls); /* called inside of each read and write */
	int in_kernel;                /* SSL_sendfile works */
	void *data;
} SSL;

int SSL_read(SSL *tls, void *buffer, int n);
int SSL_read_ex(SSL *tls, void *buffer, size_t n, size_t *ret_n);
int SSL_write(SSL *tls, const void *text, int n);
int SSL_write_ex(SSL *tls, const void *text, size_t n, size_t *ret_n);
int SSL_get_error(const SSL *tls, int result);
void SSL_free(SSL *tls);

/* As by a kernel that encrypts: `n` bytes of a file, whatever they are; -1 of a connection without. */
ssize_t SSL_sendfile(SSL *tls, int fd, off_t offset, size_t n, int flags);

/* Calls SSL_write_ex, as OpenSSL's does. */
int SSL_write_early_data(SSL *tls, const void *text, size_t n, size_t *ret_n);

/* A function of no meaning: its text is not looked at, and all of it was sent. */
extern int tls_sends_blindly;

#ifdef __cplusplus
}
#endif

#endif
