// SPDX-License-Identifier: Apache-2.0
/* Calls in handlers, in children, of many connections, with what they should not be given; and the plain ones. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "talk.h"

static void plain(void)
{
	static const char request[] =
		"POST /v1/embeddings?key=SECRET HTTP/1.1\r\nHost: api.openai.com\r\n"
		"Content-Length: 4\r\n\r\n1234";
	char text[64];
	SSL tls = {0};
	size_t n;

	errno = 4711;
	talk(&tls, 1);
	SSL_write_ex(&tls, request, sizeof(request) - 1, &n);
	lay_ready(&tls, 2);
	while (SSL_read_ex(&tls, text, 30, &n))
		printf("%zu bytes\n", n);
	printf("errno %d\n", errno);
	SSL_free(&tls);
	SSL_free(NULL);
}

/* In pieces as small as may be; another host; no HTTP; a text that is not there. */
static void odd(void)
{
	static const char elsewhere[] =
		"POST /login HTTP/1.1\r\nHost: www.example.com\r\nContent-Length: 6\r\n\r\nSECRET";
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	SSL tls[4] = {{.most = 1}};
	char text[] = "POST /v1/chat/completions HTTP/1.1\r\nHost: "
		      "api.openai.com\r\nContent-Length: 2\r\n\r\n{}";

	for (size_t i = 0; i < sizeof(text) - 1; i++)
		SSL_write(&tls[0], text + i, (int)(sizeof(text) - 1 - i));
	SSL_write(&tls[1], elsewhere, sizeof(elsewhere) - 1);
	SSL_write(&tls[2], "\1\2\3 SECRET", 10);
	munmap(page + 4096, 4096);
	strcpy(page + 4090, "POST ");
	tls_sends_blindly = 1;
	SSL_write(&tls[3], page + 4090, 4000);
	ask(&tls[3], 3);
	printf("%d\n", SSL_write(&tls[3], (const void *)42, 7));
	tls_sends_blindly = 0;
	for (int i = 0; i < 4; i++)
		SSL_free(&tls[i]);
}

#define HEAD                                                             \
	"POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\n" \
	"Authorization: Bearer SECRET\r\nContent-Length: 40\r\n\r\n"

static void say_head(SSL *tls)
{
	SSL_write(tls, HEAD, sizeof(HEAD) - 1);
}

static void send_file(SSL *tls, size_t n)
{
	printf("by the kernel: %zd\n", SSL_sendfile(tls, 0, 0, n, 0));
}

/* Bodies, parts of them, whole requests and more than there should be, of which no function is told; and none. */
static void unseen(void)
{
	SSL tls[5] = {{.in_kernel = 1}, {.in_kernel = 1}, {.in_kernel = 1}, {.in_kernel = 1}};

	say_head(&tls[0]);
	send_file(&tls[0], 40);
	answer(&tls[0], 1);
	say_head(&tls[0]);
	SSL_write(&tls[0], "{\"model\":\"one\"", 14);
	send_file(&tls[0], 25);
	SSL_write(&tls[0], "}", 1);
	answer(&tls[0], 2);
	talk(&tls[0], 3);
	send_file(&tls[1], 200);
	answer(&tls[1], 4);
	talk(&tls[1], 5);
	say_head(&tls[2]);
	send_file(&tls[2], 41);
	answer(&tls[2], 6);
	talk(&tls[2], 7);
	SSL_write(&tls[3], HEAD, 20);
	send_file(&tls[3], sizeof(HEAD) - 21);
	answer(&tls[3], 8);
	/* without a kernel that does it the body comes by another way */
	say_head(&tls[4]);
	send_file(&tls[4], 40);
	SSL_write(&tls[4], "{\"model\":\"four\",\"messages\":[   \"hi\"   ]}", 40);
	answer(&tls[4], 9);
	for (int i = 0; i < 5; i++)
		SSL_free(&tls[i]);
	SSL_sendfile(&tls[1], 0, 0, 1, 0);
}

/* Sent before the server has answered at all, and once more because it did not take it. */
static void early(void)
{
	static const char request[] = HEAD "{\"model\":\"gpt-4o\"                        }";
	SSL tls = {0};
	size_t n;

	printf("early: %d\n", SSL_write_early_data(&tls, request, sizeof(request) - 1, &n));
	printf("again: %d\n", SSL_write_ex(&tls, request, sizeof(request) - 1, &n));
	answer(&tls, 1);
	SSL_free(&tls);
	talk(&tls, 2);
	SSL_free(&tls);
}

static SSL handlers, interrupted;
static volatile sig_atomic_t n_handled;

static void handle(int signal)
{
	(void)signal;
	if (n_handled++ < 2000)
		ask(&handlers, n_handled % 100);
}

static void raises(SSL *tls)
{
	tls->act = NULL;
	raise(SIGUSR1);
}

static void set_handler(int flags)
{
	struct sigaction action = {.sa_handler = handle, .sa_flags = flags | SA_RESTART};

	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
}

/* A handler sends while the program is sending, on a connection of its own. */
static void handled(void)
{
	set_handler(0);
	talk(&interrupted, 1);
	interrupted.act = raises;
	talk(&interrupted, 2);
	raise(SIGUSR1);
	talk(&interrupted, 3);
}

static void alternate(void)
{
	stack_t stack = {.ss_size = 16384};

	stack.ss_sp = malloc(stack.ss_size);
	sigaltstack(&stack, NULL);
	set_handler(SA_ONSTACK);
	raise(SIGUSR1);
	talk(&interrupted, 1);
	interrupted.act = raises;
	talk(&interrupted, 2);
}

/* Wherever a signal may come, in the shim as well. */
static void storm(void)
{
	const struct itimerval often = {{0, 100}, {0, 100}}, never = {{0, 0}, {0, 0}};
	char text[256];

	set_handler(0);
	setitimer(ITIMER_REAL, &often, NULL);
	/* less than a ring holds, however fast this is */
	for (int i = 0; n_handled < 200 && i < 2000; i++) {
		ask(&interrupted, i % 100);
		lay_ready(&interrupted, i % 100);
		if (SSL_read(&interrupted, text, sizeof(text)) != 46)
			puts("short");
	}
	setitimer(ITIMER_REAL, &never, NULL);
	puts("over");
}

static void forked(void)
{
	SSL tls = {0};
	int status;
	pid_t child;

	talk(&tls, 1);
	ask(&tls, 2);
	child = fork();
	if (child == 0) {
		talk(&tls, 77);
		raise(SIGKILL);
	}
	waitpid(child, &status, 0);
	printf("child %d\n", status);
	answer(&tls, 2);
	talk(&tls, 3);
}

/* What a child of vfork does is not recorded, and what the parent does afterwards is. */
static void vforked(void)
{
	static SSL tls;
	int status;
	pid_t child;

	talk(&tls, 1);
	child = vfork();
	if (child == 0) {
		for (int fd = 3; fd < 30; fd++)
			close(fd);
		execl("/bin/true", "true", NULL);
		_exit(1);
	}
	waitpid(child, &status, 0);
	printf("child %d\n", status);
	talk(&tls, 2);
}

static int count_mappings(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	int n = 0, c;

	while ((c = getc(maps)) != EOF)
		n += c == '\n';
	fclose(maps);
	return n;
}

/* Ten thousand, a few at once; their places are used again. */
static void many(void)
{
	SSL *all = calloc(20, sizeof(*all));
	char text[256];
	int before = 0, grown;

	for (int i = 0; i < 10000; i++) {
		SSL *tls = &all[i * 7 % 20];

		SSL_free(tls);
		ask(tls, i % 100);
		lay_ready(tls, i % 100);
		SSL_read(tls, text, sizeof(text));
		if (i == 100)
			before = count_mappings();
	}
	for (int i = 0; i < 20; i++)
		SSL_free(&all[i]);
	grown = count_mappings() - before;
	printf("%s\n", grown < 50 ? "ten thousand" : "mappings are left");
}

#define CROWD 16

static pthread_barrier_t barrier;

static void *one_of_many(void *user)
{
	SSL tls = {0};
	char text[256];

	pthread_barrier_wait(&barrier);
	ask(&tls, (int)(long)user);
	lay_ready(&tls, (int)(long)user);
	SSL_read(&tls, text, sizeof(text));
	SSL_free(&tls);
	return NULL;
}

static void start_crowd(pthread_t *threads)
{
	pthread_barrier_init(&barrier, NULL, CROWD + 1);
	for (long i = 0; i < CROWD; i++)
		pthread_create(&threads[i], NULL, one_of_many, (void *)i);
	pthread_barrier_wait(&barrier);
}

static void join_crowd(const pthread_t *threads)
{
	for (int i = 0; i < CROWD; i++)
		pthread_join(threads[i], NULL);
}

/* All threads send their first request at once. */
static void crowd(void)
{
	pthread_t threads[CROWD];

	start_crowd(threads);
	join_crowd(threads);
	puts("joined");
}

static volatile int sending;

static void note_sending(SSL *tls)
{
	(void)tls;
	sending = 1;
}

static void *send_first(void *tls)
{
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	ask(tls, 1);
	pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, NULL);
	return NULL;
}

/* A thread is cancelled DELAY_US after it began to send the first request; the connection goes on. */
static void cut_off(void)
{
	SSL tls = {.act = note_sending};
	pthread_t thread;

	pthread_create(&thread, NULL, send_first, &tls);
	while (!sending)
		continue;
	usleep((useconds_t)atoi(getenv("DELAY_US")));
	pthread_cancel(thread);
	pthread_join(thread, NULL);
	talk(&tls, 2);
}

/* ... and meanwhile the process forks: a child has its first connections on many threads at once, too. */
static void forking(void)
{
	pthread_t threads[CROWD], in_child[CROWD];
	pid_t children[20];
	int status, n = 0;

	start_crowd(threads);
	for (int i = 0; i < 20; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			start_crowd(in_child);
			join_crowd(in_child);
			raise(SIGKILL);
		}
	}
	join_crowd(threads);
	for (int i = 0; i < 20; i++)
		n += waitpid(children[i], &status, 0) == children[i] && WIFSIGNALED(status);
	printf("%d children\n", n);
}

static SSL fought_over;

static void *fights(void *user)
{
	static const char request[] =
		"POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\n"
		"Authorization: Bearer SECRET\r\nContent-Length: 2\r\n\r\n{}";

	for (int i = 0; i < 20000; i++) {
		if (user)
			SSL_free(&fought_over);
		else
			SSL_write(&fought_over, request, sizeof(request) - 1);
	}
	return NULL;
}

/* One connection, on which several threads send while another one closes it. */
static void fought(void)
{
	pthread_t threads[4];

	for (long i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, fights, i == 3 ? &fought_over : NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	puts("over");
}

static SSL late_tls;

static void late(void)
{
	ask(&late_tls, 9);
	answer(&late_tls, 9);
	SSL_free(&late_tls);
}

/* At exit, when the shim has ended. */
static void leaving(void)
{
	atexit(late);
	talk(&late_tls, 1);
}

__attribute__((destructor)) static void later(void)
{
	if (late_tls.n_sent || late_tls.incoming)
		late();
}

int stray(const char *way)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} all[] = {
		{"plain", plain},         {"odd", odd},         {"handled", handled},
		{"alternate", alternate}, {"storm", storm},     {"forked", forked},
		{"vforked", vforked},     {"many", many},       {"leaving", leaving},
		{"crowd", crowd},         {"forking", forking}, {"fought", fought},
		{"unseen", unseen},       {"early", early},     {"cut_off", cut_off},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(way, all[i].name) == 0) {
			all[i].run();
			return 0;
		}
	return -1;
}
