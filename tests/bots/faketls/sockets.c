// SPDX-License-Identifier: Apache-2.0
/*
 * sockets WAY PORT OTHER: a client of plain HTTP at PORT, and of something else at OTHER, whose servers are its child.
 * Ends by SIGKILL: what it recorded lies in its rings.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{\"n\":00}"
#define HIGH   70000 /* a descriptor of which no table knows */

static uint16_t port, other;

/* --- the servers ------------------------------------------------------------------------------------- */

/* Whoever sends something gets an answer; numbers count up. */
static void *serve_one(void *user)
{
	int fd = (int)(long)user;
	char text[4096], reply[] = ANSWER;

	for (int i = 1; read(fd, text, sizeof(text)) > 0; i++) {
		reply[sizeof(reply) - 3] = (char)('0' + i % 10);
		if (write(fd, reply, sizeof(reply) - 1) < 0)
			break;
	}
	close(fd);
	return NULL;
}

static void *serve(void *user)
{
	int fd, listener = (int)(long)user;
	pthread_t thread;

	while ((fd = accept(listener, NULL, NULL)) >= 0)
		pthread_create(&thread, NULL, serve_one, (void *)(long)fd);
	return NULL;
}

static int listen_at(uint16_t at)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(at),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
	/* the servers of a run before may be about to end */
	while (bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 64))
		usleep(1000);
	return listener;
}

/* In a process of their own, so that no number of theirs is one of the client's. */
static void start_servers(void)
{
	int first = listen_at(port), second = listen_at(other);
	int begun[2];
	pthread_t thread;

	if (pipe(begun) || fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		write(begun[1], "", 1);
		pthread_create(&thread, NULL, serve, (void *)(long)first);
		serve((void *)(long)second);
	}
	read(begun[0], &thread, 1);
	close(first);
	close(second);
	close(begun[0]);
	close(begun[1]);
}

/* --- the client ---------------------------------------------------------------------------------------- */

static int connect_to(uint16_t at)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(at),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
		perror("connect");
	return fd;
}

static size_t request(char *text, size_t n, const char *path)
{
	return (size_t)snprintf(
		text, n,
		"POST /%s HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer SECRET\r\n"
		"Content-Length: 2\r\n\r\n{}",
		path);
}

static void hear(const char *what, ssize_t n)
{
	printf("%s: %zd\n", what, n);
}

/* Of buffers of whose size the compiler knows nothing, so that no length is checked. */
static __attribute__((noipa)) void by_each(int fd, char *text, size_t size, char *heard,
					   size_t most)
{
	struct iovec in[2] = {{heard, 17}, {heard + 17, most - 17}}, out[2];
	struct msghdr message = {.msg_iov = out, .msg_iovlen = 2};
	struct msghdr back = {.msg_iov = in, .msg_iovlen = 2};
	size_t n = request(text, size, "send");

	hear("send", send(fd, text, n, 0) - (ssize_t)n);
	hear("peek", recv(fd, heard, most, MSG_PEEK));
	hear("recv", recv(fd, heard, most, 0));
	n = request(text, size, "write");
	hear("write", write(fd, text, n) - (ssize_t)n);
	hear("read", read(fd, heard, most));
	n = request(text, size, "writev");
	out[0] = (struct iovec){text, 30};
	out[1] = (struct iovec){text + 30, n - 30};
	hear("writev", writev(fd, out, 2) - (ssize_t)n);
	hear("readv", readv(fd, in, 2));
	n = request(text, size, "sendmsg");
	out[1].iov_len = n - 30;
	hear("sendmsg", sendmsg(fd, &message, 0) - (ssize_t)n);
	hear("recvmsg", recvmsg(fd, &back, 0));
	n = request(text, size, "sendto");
	hear("sendto", sendto(fd, text, n, MSG_NOSIGNAL, NULL, 0) - (ssize_t)n);
	hear("recvfrom", recvfrom(fd, heard, most, 0, NULL, NULL));
}

static void each(void)
{
	char text[512], heard[512];
	int fd = connect_to(port);

	by_each(fd, text, sizeof(text), heard, sizeof(heard));
	errno = 4711;
	close(fd);
	printf("errno %d\n", errno);
}

/* Lengths that only show when it runs: __read_chk and its like. The last has seven arguments. */
static void checked(void)
{
	struct sockaddr_storage from;
	socklen_t from_bytes = sizeof(from);
	char text[512], heard[512];
	volatile size_t size = sizeof(heard);
	int fd = connect_to(port);
	size_t n = request(text, sizeof(text), "checked");

	write(fd, text, n);
	hear("read", read(fd, heard, size));
	write(fd, text, n);
	hear("recv", recv(fd, heard, size, 0));
	write(fd, text, n);
	memset(&from, 0xff, sizeof(from));
	hear("recvfrom", recvfrom(fd, heard, size, 0, (struct sockaddr *)&from, &from_bytes));
	/* of a connection nobody is named */
	printf("from %u bytes\n", from_bytes);
	close(fd);
}

static void talk(int fd, const char *path)
{
	char text[512], heard[512];
	size_t n = request(text, sizeof(text), path);

	send(fd, text, n, MSG_NOSIGNAL);
	hear(path, recv(fd, heard, sizeof(heard), 0));
}

/* Connected in the background, without a wait; by IPv6 to an address of IPv4; to nobody. */
static void connecting(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in6 mapped = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0),
	    six = socket(AF_INET6, SOCK_STREAM, 0);
	struct pollfd wait = {.fd = fd, .events = POLLOUT};
	struct pollfd reply = {.fd = fd, .events = POLLIN};
	char text[512], heard[512];
	size_t n = request(text, sizeof(text), "nonblocking");

	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 || errno == EINPROGRESS)
		poll(&wait, 1, -1);
	send(fd, text, n, 0);
	poll(&reply, 1, -1);
	hear("nonblocking", recv(fd, heard, sizeof(heard), 0));
	hear("again", recv(fd, heard, sizeof(heard), 0));
	close(fd);
	inet_pton(AF_INET6, "::ffff:127.0.0.1", &mapped.sin6_addr);
	printf("mapped %d\n", connect(six, (struct sockaddr *)&mapped, sizeof(mapped)));
	talk(six, "mapped");
	close(six);
	printf("nowhere %d\n", connect(-1, (struct sockaddr *)&address, sizeof(address)));
	printf("unreadable %d\n",
	       connect(socket(AF_INET, SOCK_STREAM, 0), (void *)42, sizeof(address)));
	printf("short %d\n",
	       connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&address, 4));
}

/* Somebody else's port, a pair of UNIX sockets, a pipe, a file: left alone. */
static void aside(void)
{
	int fd = connect_to(other), pair[2], pipes[2];
	char heard[512];

	talk(fd, "other");
	close(fd);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	send(pair[0], "POST / HTTP/1.1\r\n", 17, 0);
	hear("pair", recv(pair[1], heard, sizeof(heard), 0));
	if (pipe(pipes) == 0)
		hear("pipe", write(pipes[1], "GET / HTTP/1.1\r\n", 16));
}

/* The number of a socket becomes a file's, by a close that is seen, and by one that is not. */
static void reused(void)
{
	int file = open("file", O_RDWR | O_CREAT, 0600), fd = connect_to(port);
	char text[512];
	size_t n = request(text, sizeof(text), "file");

	talk(fd, "first");
	close(fd);
	dup2(file, fd);
	hear("file", write(fd, text, n) - (ssize_t)n);
	close(fd);
	/* nothing sent before it is closed */
	fd = connect_to(port);
	close(fd);
	dup2(file, fd);
	hear("file", write(fd, text, n) - (ssize_t)n);
	close(fd);
	fd = connect_to(port);
	dup2(file, fd);
	hear("file", write(fd, text, n) - (ssize_t)n);
	close(fd);
	/* and a socket's again */
	fd = connect_to(port);
	talk(fd, "last");
	close(fd);
}

/* A second number is another's, for all that is known. */
static void duplicate(void)
{
	int fd = connect_to(port), copy = dup(fd);

	talk(fd, "one");
	talk(copy, "two");
	close(copy);
	talk(fd, "three");
	close(fd);
}

static void inherited(void)
{
	int fd = connect_to(port), status;
	pid_t child;

	talk(fd, "parent");
	child = fork();
	if (child == 0) {
		talk(fd, "child");
		close(fd);
		raise(SIGKILL);
	}
	waitpid(child, &status, 0);
	talk(fd, "after");
	close(fd);
}

/* Messages of which each is a piece. */
static void several(void)
{
	char text[512], heard[512];
	size_t n = request(text, sizeof(text), "several");
	struct iovec out[3] = {{text, 10}, {text + 10, 20}, {text + 30, n - 30}},
		     in = {heard, sizeof(heard)};
	struct mmsghdr sent[2] = {{.msg_hdr = {.msg_iov = out, .msg_iovlen = 2}},
				  {.msg_hdr = {.msg_iov = out + 2, .msg_iovlen = 1}}};
	struct mmsghdr received[2] = {{.msg_hdr = {.msg_iov = &in, .msg_iovlen = 1}}};
	int fd = connect_to(port);

	/* the server answers each piece that it meets, so it is to meet one */
	hear("sendmmsg", sendmmsg(fd, sent, 1, MSG_MORE));
	hear("sendmmsg", sendmmsg(fd, sent + 1, 1, 0));
	hear("recvmmsg", recvmmsg(fd, received, 1, 0, NULL));
	printf("%u %u, %u\n", sent[0].msg_len, sent[1].msg_len, received[0].msg_len);
	close(fd);
}

/* A request without its body, which is to come. */
static int head(const char *path)
{
	char text[512];
	int fd = connect_to(port);

	send(fd, text, request(text, sizeof(text), path) - 2, MSG_MORE);
	return fd;
}

/* A file with a body, or with a whole request; from its beginning. */
static int file_of(bool whole)
{
	char text[512];
	size_t n = request(text, sizeof(text), "whole");
	int file = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);

	write(file, whole ? text : text + n - 2, whole ? n : 2);
	lseek(file, 0, SEEK_SET);
	return file;
}

/* A body of which the shim sees no byte, and a request; then the same without a file. */
static void sent_file(void)
{
	int fd = head("sendfile"), file = file_of(false);
	char heard[512];

	hear("nothing", sendfile(fd, -1, NULL, 2));
	hear("sendfile", sendfile(fd, file, NULL, 2));
	hear("recv", recv(fd, heard, sizeof(heard), 0));
	talk(fd, "behind");
	close(fd);
	close(file);
	fd = connect_to(port);
	file = file_of(true);
	hear("sendfile", sendfile(fd, file, NULL, 4096));
	hear("recv", recv(fd, heard, sizeof(heard), 0));
	talk(fd, "unseen");
	close(fd);
	talk(fd = connect_to(port), "last");
	close(fd);
}

/* By a pipe into a socket, and out of it. */
static void spliced(void)
{
	int fd = head("splice"), pipes[2];
	char heard[512];

	if (pipe(pipes) || write(pipes[1], "{}", 2) != 2)
		perror("pipe");
	hear("splice", splice(pipes[0], NULL, fd, NULL, 2, 0));
	hear("recv", recv(fd, heard, sizeof(heard), 0));
	send(fd, heard, request(heard, sizeof(heard), "out"), 0);
	hear("splice", splice(fd, NULL, pipes[1], NULL, 4096, 0));
	talk(fd, "unseen");
	close(fd);
	/* neither is listed */
	fd = file_of(false);
	hear("splice", splice(pipes[0], NULL, fd, NULL, 10, 0));
}

/* What stdio sends it sends inside of the C library. */
static void stream(void)
{
	int fd = connect_to(port);
	FILE *both = fdopen(fd, "r+");
	char text[512], heard[512];

	request(text, sizeof(text), "stream");
	fputs(text, both);
	fflush(both);
	printf("%s", fgets(heard, sizeof(heard), both));
	talk(fd, "unseen");
	fclose(both);
	printf("nothing: %d\n", fdopen(-1, "r") == NULL);
}

/* Many descriptors: all of a listed address, of which one in ten sends. */
static void many(void)
{
	char text[512], heard[512];
	size_t n = request(text, sizeof(text), "many");
	int sum = 0;

	for (int i = 0; i < 10000; i++) {
		int fd = connect_to(port);

		if (i % 10 == 0) {
			send(fd, text, n, 0);
			sum += (int)recv(fd, heard, sizeof(heard), 0);
		}
		close(fd);
	}
	printf("%d bytes\n", sum);
}

static void high(void)
{
	struct rlimit limit = {HIGH + 10, HIGH + 10};
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	if (setrlimit(RLIMIT_NOFILE, &limit) ||
	    dup2(socket(AF_INET, SOCK_STREAM, 0), HIGH) != HIGH) {
		puts("no such descriptor here");
		return;
	}
	printf("connect %d\n", connect(HIGH, (struct sockaddr *)&address, sizeof(address)));
	talk(HIGH, "high");
	close(HIGH);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} all[] = {
		{"each", each},           {"checked", checked},    {"connecting", connecting},
		{"aside", aside},         {"reused", reused},      {"duplicate", duplicate},
		{"inherited", inherited}, {"many", many},          {"high", high},
		{"several", several},     {"sendfile", sent_file}, {"splice", spliced},
		{"stream", stream},
	};

	if (argc != 4)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	port = (uint16_t)atoi(argv[2]);
	other = (uint16_t)atoi(argv[3]);
	start_servers();
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(argv[1], all[i].name) == 0) {
			all[i].run();
			raise(SIGKILL);
		}
	return 2;
}
