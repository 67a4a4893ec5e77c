// SPDX-License-Identifier: Apache-2.0
#include "health.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "../backoff.h"

#define BACKLOG     16
#define PATIENCE_S  2  /* with who asks */
#define ANSWER_S    10 /* for who answers */
#define IDLE_NS     30000000000LL
#define STACK_BYTES (128UL * 1024)
#define MAX_LINE    (64UL * 1024)

struct ts_health_server {
	char path[PATH_MAX];
	int fd;
	pthread_t thread;
	pthread_mutex_t lock;
	ts_health_format_fn *format;
	struct ts_health health;
	int64_t set_ns;
};

bool ts_health_is_good(const struct ts_health *health)
{
	return health->passed_ns >= 0 && health->passed_ns < IDLE_NS;
}

/* --- paths ------------------------------------------------------------------------------------- */

/*
 * An address takes 107 bytes; a longer path goes by its folder's descriptor, which *ret_folder keeps open (-1: it is
 * not needed).
 */
static int address(const char *path, struct sockaddr_un *ret, int *ret_folder)
{
	const char *name = strrchr(path, '/');
	char folder[PATH_MAX];

	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	*ret_folder = -1;
	if (strlen(path) < sizeof(ret->sun_path)) {
		strcpy(ret->sun_path, path);
		return 0;
	}
	if (!name || strlen(path) >= sizeof(folder))
		return -ENAMETOOLONG;
	snprintf(folder, sizeof(folder), "%.*s/", (int)(name - path), path);
	*ret_folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*ret_folder < 0)
		return -errno;
	if (snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d%s", *ret_folder,
		     name) < (int)sizeof(ret->sun_path))
		return 0;
	close(*ret_folder);
	*ret_folder = -1;
	return -ENAMETOOLONG;
}

static void limit(int fd, int seconds)
{
	struct timeval patience = {.tv_sec = seconds};

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

/* --- the server -------------------------------------------------------------------------------- */

static char *format(struct ts_health_server *server)
{
	struct ts_health health;
	int64_t since_ns;

	pthread_mutex_lock(&server->lock);
	health = server->health;
	since_ns = ts_backoff_now_ns() - server->set_ns;
	pthread_mutex_unlock(&server->lock);
	health.up_ns += since_ns;
	if (health.passed_ns >= 0)
		health.passed_ns += since_ns;
	return server->format(&health);
}

static void answer(struct ts_health_server *server, int fd)
{
	char *line = format(server);
	size_t bytes = line ? strlen(line) : 0;

	limit(fd, PATIENCE_S);
	if (line)
		line[bytes++] = '\n'; /* in place of the NUL */
	for (size_t done = 0; done < bytes;) {
		ssize_t n = send(fd, line + done, bytes - done, MSG_NOSIGNAL);

		if (n <= 0)
			break;
		done += (size_t)n;
	}
	free(line);
	close(fd);
}

/* Until the listening socket is shut down. */
static void *serve(void *context)
{
	struct ts_health_server *server = context;
	int fd;

	for (;;) {
		fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			answer(server, fd);
		else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
			usleep(100000);
		else if (errno != EINTR && errno != ECONNABORTED)
			return NULL;
	}
}

static int listen_at(const char *path)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), folder, result;
	struct sockaddr_un at;
	mode_t before;

	if (fd < 0)
		return -errno;
	result = address(path, &at, &folder);
	if (result == 0) {
		unlink(path);
		before = umask(0177);
		if (bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, BACKLOG) < 0)
			result = -errno;
		umask(before);
	}
	if (folder >= 0)
		close(folder);
	if (result == 0)
		return fd;
	close(fd);
	return result;
}

static int start(struct ts_health_server *server)
{
	pthread_attr_t attributes;
	int result;

	server->fd = listen_at(server->path);
	if (server->fd < 0)
		return server->fd;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	result = pthread_create(&server->thread, &attributes, serve, server);
	pthread_attr_destroy(&attributes);
	if (result)
		close(server->fd);
	return -result;
}

int ts_health_new(struct ts_health_server **ret, const char *path, ts_health_format_fn *format_,
		  struct ts_error *err)
{
	struct ts_health_server *server = calloc(1, sizeof(*server));
	int result = -ENOMEM;

	if (server) {
		server->format = format_;
		server->health.passed_ns = -1;
		server->set_ns = ts_backoff_now_ns();
		pthread_mutex_init(&server->lock, NULL);
		result = snprintf(server->path, sizeof(server->path), "%s", path) <
					 (int)sizeof(server->path)
				 ? start(server)
				 : -ENAMETOOLONG;
	}
	if (result == 0) {
		*ret = server;
		return 0;
	}
	free(server);
	return ts_error_set(err, result, "the socket %s: %s", path, strerrordesc_np(-result));
}

void ts_health_free(struct ts_health_server *server)
{
	if (!server)
		return;
	unlink(server->path);
	shutdown(server->fd, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->fd);
	pthread_mutex_destroy(&server->lock);
	free(server);
}

void ts_health_set(struct ts_health_server *server, const struct ts_health *health)
{
	pthread_mutex_lock(&server->lock);
	server->health = *health;
	server->set_ns = ts_backoff_now_ns();
	pthread_mutex_unlock(&server->lock);
}

/* --- who asks ---------------------------------------------------------------------------------- */

static int connect_to(const char *path)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), folder, result;
	struct sockaddr_un at;

	if (fd < 0)
		return -errno;
	limit(fd, ANSWER_S);
	result = address(path, &at, &folder);
	if (result == 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		result = -errno;
	if (folder >= 0)
		close(folder);
	if (result == 0)
		return fd;
	close(fd);
	return result;
}

char *ts_health_ask(const char *path, struct ts_error *err)
{
	int fd = connect_to(path);
	char *line = NULL;
	ssize_t n = 1;
	size_t bytes = 0;

	if (fd < 0) {
		ts_error_set(err, fd, "no collector answers at %s: %s", path, strerrordesc_np(-fd));
		return NULL;
	}
	line = calloc(1, MAX_LINE);
	while (line && bytes < MAX_LINE - 1 &&
	       (n = recv(fd, line + bytes, MAX_LINE - 1 - bytes, 0)) > 0)
		bytes += (size_t)n;
	close(fd);
	if (bytes && line[bytes - 1] == '\n') {
		line[bytes - 1] = '\0';
		return line;
	}
	free(line);
	ts_error_set(err, -EPROTO, "the collector at %s did not answer", path);
	return NULL;
}
