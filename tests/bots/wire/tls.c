// SPDX-License-Identifier: Apache-2.0
/*
 * tls CASE HOST:PORT CERTIFICATE: asks a language model there, over TLS, and does to libssl what few do. Prints what it
 * saw.
 */
#include <err.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#define ANSWER (1 << 20)

struct link {
	SSL *ssl;
	int fd;
	char answer[ANSWER]; /* as it came */
	size_t bytes;
};

static const char *address, *certificate;
static char host[256], port[16];

/* --- connections ------------------------------------------------------------------------------- */

static SSL_CTX *context(int version)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (!ctx || !SSL_CTX_load_verify_locations(ctx, certificate, NULL) ||
	    !SSL_CTX_set_max_proto_version(ctx, version))
		errx(1, "no context: %s", ERR_reason_error_string(ERR_get_error()));
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	return ctx;
}

static int dial(void)
{
	struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
	int fd;

	if (getaddrinfo(host, port, &hints, &found) != 0)
		errx(1, "no such host: %s", host);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) < 0)
		err(1, "%s", address);
	freeaddrinfo(found);
	return fd;
}

static struct link *open_link(SSL_CTX *ctx)
{
	struct link *link = calloc(1, sizeof(*link));

	if (!link)
		err(1, "calloc");
	link->fd = dial();
	link->ssl = SSL_new(ctx);
	SSL_set_tlsext_host_name(link->ssl, host);
	SSL_set1_host(link->ssl, host);
	SSL_set_fd(link->ssl, link->fd);
	if (SSL_connect(link->ssl) != 1)
		errx(1, "no TLS: %s", ERR_reason_error_string(ERR_get_error()));
	return link;
}

static void close_link(struct link *link)
{
	SSL_free(link->ssl);
	close(link->fd);
	free(link);
}

/* --- a call --------------------------------------------------------------------------------------- */

/* A request of about `padding` bytes more than it needs. */
static char *request(const char *words, const char *question, size_t padding)
{
	char *body, *whole;
	int n = asprintf(&body,
			 "{\"model\":\"gpt-4o%s\",\"stream\":true,\"stream_options\":{\"include_"
			 "usage\":true},"
			 "\"messages\":[{\"role\":\"user\",\"content\":\"%s%*s\"}]}",
			 words, question, (int)padding, "");

	if (n < 0 ||
	    asprintf(
		    &whole,
		    "POST /v1/chat/completions HTTP/1.1\r\nhost: %s\r\nauthorization: Bearer %s\r\n"
		    "content-type: application/json\r\ncontent-length: %d\r\n\r\n%s",
		    address, getenv("OPENAI_API_KEY"), n, body) < 0)
		err(1, "asprintf");
	free(body);
	return whole;
}

/* The last chunk of a body came. */
static bool is_whole(const struct link *link)
{
	return link->bytes > 7 && !memcmp(link->answer + link->bytes - 7, "\r\n0\r\n\r\n", 7);
}

/* What came, without the head, whose length follows the address. */
static void tell(struct link *link, const char *what)
{
	char *body;

	link->answer[link->bytes] = 0;
	body = strstr(link->answer, "\r\n\r\n");
	printf("%s: %s%s\n", what, body ? body + 4 : link->answer,
	       is_whole(link) ? "" : "(not whole)");
	link->bytes = 0;
}

static void say(struct link *link, const char *words, const char *question)
{
	char *text = request(words, question, 0);

	if (SSL_write(link->ssl, text, (int)strlen(text)) <= 0)
		errx(1, "not written: %s", ERR_reason_error_string(ERR_get_error()));
	free(text);
}

/* Reads at most `most` bytes at a time, until the answer is whole or there is no more. */
static void hear(struct link *link, int most)
{
	int n = 1;

	while (n > 0 && !is_whole(link)) {
		n = SSL_read(link->ssl, link->answer + link->bytes, most);
		link->bytes += n > 0 ? (size_t)n : 0;
	}
}

/* --- cases ---------------------------------------------------------------------------------------- */

static void partial(SSL_CTX *ctx)
{
	static const int most[] = {1, 7, 100, 16384};
	struct link *link = open_link(ctx);

	for (size_t i = 0; i < sizeof(most) / sizeof(most[0]); i++) {
		say(link, "+chop=5", "in pieces");
		hear(link, most[i]);
		tell(link, "partial");
	}
	close_link(link);
}

/* Waits for what the last call, which answered `n`, wants; false: it wants nothing. */
static bool await(struct link *link, int n)
{
	int wants = SSL_get_error(link->ssl, n);
	struct pollfd fd = {.fd = link->fd};

	if (wants != SSL_ERROR_WANT_READ && wants != SSL_ERROR_WANT_WRITE)
		return false;
	fd.events = wants == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
	return poll(&fd, 1, -1) == 1;
}

static void nonblocking(SSL_CTX *ctx)
{
	struct link *link = open_link(ctx);
	char *text = request("+pace=1ms", "a long question", 300000);
	size_t left = strlen(text), n;

	fcntl(link->fd, F_SETFL, O_NONBLOCK);
	SSL_set_mode(link->ssl,
		     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	for (char *at = text; left; at += n, left -= n) {
		n = 0;
		if (!SSL_write_ex(link->ssl, at, left, &n) && !await(link, 0))
			errx(1, "not written");
	}
	while (!is_whole(link)) {
		n = 0;
		if (!SSL_read_ex(link->ssl, link->answer + link->bytes, 900, &n) && !await(link, 0))
			break;
		link->bytes += n;
	}
	tell(link, "nonblocking");
	free(text);
	close_link(link);
}

static void peek(SSL_CTX *ctx)
{
	struct link *link = open_link(ctx);
	size_t peeked = 0, pending = 0;
	char seen[50];
	int n = 1;

	say(link, "", "looked at first");
	while (n > 0 && !is_whole(link)) {
		n = SSL_peek(link->ssl, seen, sizeof(seen));
		peeked += n > 0 ? (size_t)n : 0;
		pending += SSL_pending(link->ssl) > 0;
		n = SSL_read(link->ssl, link->answer + link->bytes, sizeof(seen) - 1);
		if (n > 0 && memcmp(seen, link->answer + link->bytes, (size_t)n) != 0)
			errx(1, "not what was peeked at");
		link->bytes += n > 0 ? (size_t)n : 0;
	}
	printf("peeked: %d, pending: %d\n", peeked >= link->bytes, pending > 0);
	tell(link, "peek");
	close_link(link);
}

/* The answer is not waited for. */
static void early(SSL_CTX *ctx)
{
	struct link *link = open_link(ctx);

	say(link, "+pace=100s", "nobody waits");
	while (!strstr(link->answer, "\"content\":\"") && link->bytes < ANSWER - 1)
		link->bytes += (size_t)SSL_read(link->ssl, link->answer + link->bytes, 200);
	puts("early: closed");
	close_link(link);
}

/* The child goes on with what its parent began, and the parent with a connection of its own. */
static void forked(SSL_CTX *ctx)
{
	struct link *link = open_link(ctx), *other = open_link(ctx);
	int status;
	pid_t child;

	say(link, "", "before the fork");
	hear(link, 4096);
	tell(link, "parent");
	fflush(stdout);
	child = fork();
	if (child == 0) {
		say(link, "", "in the child");
		hear(link, 4096);
		tell(link, "child");
		fflush(stdout);
		_exit(0);
	}
	waitpid(child, &status, 0);
	say(other, "", "after the fork");
	hear(other, 4096);
	tell(other, "parent");
	close_link(link);
	close_link(other);
}

static void shut(SSL_CTX *ctx)
{
	struct link *link = open_link(ctx);
	int first, n;

	say(link, "", "and no more");
	hear(link, 4096);
	tell(link, "shut");
	first = SSL_shutdown(link->ssl);
	n = SSL_read(link->ssl, link->answer, 100);
	printf("shutdown: %d, then %d bytes and %d\n", first, n, SSL_get_error(link->ssl, n));
	close_link(link);
}

static void rekeyed(SSL_CTX *ctx)
{
	struct link *link = open_link(ctx);

	for (int i = 0; i < 3; i++) {
		say(link, "+pace=1ms", "with another key");
		if (SSL_key_update(link->ssl, SSL_KEY_UPDATE_REQUESTED) != 1)
			errx(1, "no other key");
		hear(link, 500);
		tell(link, "rekeyed");
	}
	close_link(link);
}

static void renegotiated(SSL_CTX *ctx)
{
	struct link *link = open_link(ctx);

	say(link, "", "by one agreement");
	hear(link, 500);
	tell(link, "first");
	printf("renegotiation: %d %d\n", SSL_renegotiate(link->ssl), SSL_do_handshake(link->ssl));
	say(link, "", "by another");
	hear(link, 500);
	tell(link, "second");
	close_link(link);
}

/* --- cases without SSL_read and SSL_write ------------------------------------------------------- */

static BIO *connected(BIO *bio)
{
	BIO_set_conn_hostname(bio, address);
	if (BIO_do_connect(bio) <= 0)
		errx(1, "no BIO: %s", ERR_reason_error_string(ERR_get_error()));
	return bio;
}

static void ask_bio(BIO *bio, struct link *link, const char *question)
{
	char *text = request("", question, 0);
	size_t n, length = strlen(text);
	SSL *ssl = NULL;
	bool said;

	BIO_get_ssl(bio, &ssl);
	if (!strcmp(question, "puts"))
		said = BIO_puts(bio, text) == (int)length;
	else if (!strcmp(question, "write"))
		said = BIO_write(bio, text, (int)length) == (int)length;
	else if (!strcmp(question, "write_ex"))
		said = BIO_write_ex(bio, text, length, &n) && n == length;
	else
		said = SSL_write(ssl, text, (int)length) == (int)length;
	if (!said)
		errx(1, "not written: %s", ERR_reason_error_string(ERR_get_error()));
	for (n = 1; n > 0 && !is_whole(link); link->bytes += n)
		if (!BIO_read_ex(bio, link->answer + link->bytes, 1000, &n))
			n = 0;
	tell(link, question);
	free(text);
}

/* A BIO, which calls libssl from inside of it, and in between its SSL. */
static void bio(SSL_CTX *ctx)
{
	static const char *const questions[] = {"puts", "write", "the SSL inside", "write_ex"};
	struct link *link = calloc(1, sizeof(*link));
	BIO *all = connected(BIO_new_ssl_connect(ctx));

	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
		ask_bio(all, link, questions[i]);
	BIO_free_all(all);
	free(link);
}

/* By another BIO, which passes on what it likes when it likes; read by lines. */
static void buffered(SSL_CTX *ctx)
{
	struct link *link = calloc(1, sizeof(*link));
	BIO *all = connected(BIO_new_buffer_ssl_connect(ctx));
	char *text = request("", "buffered", 20000);
	int n = 1;

	for (size_t i = 0; i < strlen(text); i += 1000)
		BIO_printf(all, "%.1000s", text + i);
	BIO_flush(all);
	for (; n > 0 && !is_whole(link); link->bytes += n > 0 ? (size_t)n : 0)
		n = BIO_gets(all, link->answer + link->bytes, 1000);
	tell(link, "buffered");
	BIO_free_all(all);
	free(text);
	free(link);
}

/* A file that holds the body of a request whose head is said; its bytes. */
static FILE *file_of_body(struct link *link, const char *question, size_t *ret_bytes)
{
	char *text = request("", question, 0), *body = strstr(text, "\r\n\r\n") + 4;
	FILE *file = tmpfile();

	*ret_bytes = strlen(body);
	if (!file || fputs(body, file) < 0 || fflush(file) < 0)
		err(1, "tmpfile");
	if (SSL_write(link->ssl, text, (int)(body - text)) <= 0)
		errx(1, "not written: %s", ERR_reason_error_string(ERR_get_error()));
	free(text);
	return file;
}

/* The kernel does not encrypt: the file is sent as anything else is. */
static void refused(SSL_CTX *ctx)
{
	struct link *link = open_link(ctx);
	size_t n;
	FILE *file = file_of_body(link, "no file after all", &n);
	char body[4096];

	printf("refused: %zd\n", SSL_sendfile(link->ssl, fileno(file), 0, n, 0));
	rewind(file);
	n = fread(body, 1, sizeof(body), file);
	SSL_write(link->ssl, body, (int)n);
	hear(link, 4096);
	tell(link, "refused");
	fclose(file);
	close_link(link);
}

/* The body goes from a file to the kernel, which is to encrypt it; it need not be able to. */
static void sent_by_kernel(SSL_CTX *ctx)
{
	struct link *link;
	size_t n;
	FILE *file;

	SSL_CTX_set_options(ctx, SSL_OP_ENABLE_KTLS);
	link = open_link(ctx);
	if (!BIO_get_ktls_send(SSL_get_wbio(link->ssl))) {
		puts("this kernel does not encrypt");
		say(link, "", "by nobody but OpenSSL");
		hear(link, 4096);
		tell(link, "first");
	} else {
		file = file_of_body(link, "from a file", &n);
		printf("sendfile: %d\n",
		       SSL_sendfile(link->ssl, fileno(file), 0, n, 0) == (ssize_t)n);
		hear(link, 4096);
		tell(link, "first");
		fclose(file);
	}
	say(link, "", "and one more");
	hear(link, 4096);
	tell(link, "second");
	close_link(link);
}

static const struct {
	const char *name;
	void (*run)(SSL_CTX *ctx);
	int version;
} cases[] = {
	{"partial", partial, TLS1_3_VERSION},   {"nonblocking", nonblocking, TLS1_3_VERSION},
	{"peek", peek, TLS1_3_VERSION},         {"early", early, TLS1_3_VERSION},
	{"fork", forked, TLS1_3_VERSION},       {"shutdown", shut, TLS1_2_VERSION},
	{"keyupdate", rekeyed, TLS1_3_VERSION}, {"renegotiate", renegotiated, TLS1_2_VERSION},
	{"bio", bio, TLS1_3_VERSION},           {"buffered", buffered, TLS1_3_VERSION},
	{"refused", refused, TLS1_3_VERSION},   {"sendfile", sent_by_kernel, TLS1_2_VERSION},
};

int main(int argc, char **argv)
{
	if (argc != 4 || sscanf(argv[2], "%255[^:]:%15s", host, port) != 2) {
		fprintf(stderr, "usage: tls CASE HOST:PORT CERTIFICATE\n");
		return 2;
	}
	address = argv[2];
	certificate = argv[3];
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!strcmp(cases[i].name, argv[1])) {
			SSL_CTX *ctx = context(cases[i].version);

			cases[i].run(ctx);
			SSL_CTX_free(ctx);
			return 0;
		}
	}
	errx(2, "no such case: %s", argv[1]);
}
