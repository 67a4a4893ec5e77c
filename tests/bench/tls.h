/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_TLS_H
#define BENCH_TLS_H

#define BENCH_TLS_MOST 16384 /* bytes of a read, as of a record of TLS */

int SSL_read(void *tls, void *buffer, int n);
int SSL_write(void *tls, const void *buffer, int n);
int SSL_get_error(const void *tls, int result);

#endif
