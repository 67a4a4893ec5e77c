// SPDX-License-Identifier: Apache-2.0
/* coach: answers the messages of a conversation on a pool of threads. */
#include "coach.h"
#include "conversation.h"
#include "journal.h"
#include "text.h"

#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE       16
#define MAX_WORKERS 64

/* What became of a message: one line of the report. */
struct outcome {
	int error; /* 0: answered */
	uint64_t digest;
	char *counts;
};

struct coach {
	struct conversation conversation;
	struct outcome *outcomes;
	FILE *log;
	pthread_mutex_t log_lock;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t queue[QUEUE]; /* indexes of messages; queued - taken of them wait */
	size_t queued, taken;
	bool closed;
};

static void put(struct coach *coach, size_t index)
{
	pthread_mutex_lock(&coach->lock);
	while (coach->queued - coach->taken == QUEUE)
		pthread_cond_wait(&coach->changed, &coach->lock);
	coach->queue[coach->queued++ % QUEUE] = index;
	pthread_cond_broadcast(&coach->changed);
	pthread_mutex_unlock(&coach->lock);
}

static bool take(struct coach *coach, size_t *ret)
{
	bool taken = false;

	pthread_mutex_lock(&coach->lock);
	while (coach->queued == coach->taken && !coach->closed)
		pthread_cond_wait(&coach->changed, &coach->lock);
	if (coach->queued != coach->taken) {
		*ret = coach->queue[coach->taken++ % QUEUE];
		taken = true;
		pthread_cond_broadcast(&coach->changed);
	}
	pthread_mutex_unlock(&coach->lock);
	return taken;
}

static void finish(struct coach *coach)
{
	pthread_mutex_lock(&coach->lock);
	coach->closed = true;
	pthread_cond_broadcast(&coach->changed);
	pthread_mutex_unlock(&coach->lock);
}

static int handle(const struct message *message)
{
	long telegram_id = message->telegram_id, user_id = message->user_id;

	switch (message->pipeline) {
	case LEARN:
		return handle_learn(telegram_id, user_id, message->text);
	case TRAIN:
		return handle_train(telegram_id, user_id, message->session_id, message->text);
	case SUPPORT:
		return handle_support(telegram_id, user_id, message->text);
	default:
		return handle_support_regen(telegram_id, user_id, message->text);
	}
}

static void answer(struct coach *coach, size_t index)
{
	struct outcome *outcome = &coach->outcomes[index];
	struct turn *turn = turn_new(index + 1);

	journal_work_at((struct place){.turn = turn});
	if (handle(&coach->conversation.messages[index]) < 0)
		outcome->error = errno;
	outcome->digest = text_digest(turn_answer(turn), strlen(turn_answer(turn)));
	outcome->counts = turn_counts(turn);
	if (coach->log) {
		pthread_mutex_lock(&coach->log_lock);
		turn_write(turn, coach->log);
		pthread_mutex_unlock(&coach->log_lock);
	}
	turn_free(turn);
}

static void *work(void *argument)
{
	struct coach *coach = argument;
	size_t index;

	while (take(coach, &index))
		answer(coach, index);
	return NULL;
}

static void run(struct coach *coach, long n_workers)
{
	pthread_t workers[MAX_WORKERS];

	for (long i = 0; i < n_workers; i++)
		if (pthread_create(&workers[i], NULL, work, coach))
			abort();
	for (size_t i = 0; i < coach->conversation.n_messages; i++)
		put(coach, i);
	finish(coach);
	for (long i = 0; i < n_workers; i++)
		pthread_join(workers[i], NULL);
}

/* A line a message: number, pipeline, telegram id, ok or why not, digest of the answer, calls. */
static size_t report(const struct coach *coach)
{
	size_t failed = 0;

	for (size_t i = 0; i < coach->conversation.n_messages; i++) {
		const struct message *message = &coach->conversation.messages[i];
		const struct outcome *outcome = &coach->outcomes[i];

		printf("%zu\t%s\t%ld\t", i + 1, pipeline_names[message->pipeline],
		       message->telegram_id);
		if (outcome->error)
			printf("failed: %s", strerror(outcome->error));
		else
			printf("ok");
		printf("\t%016lx\t%s\n", (unsigned long)outcome->digest, outcome->counts);
		failed += outcome->error != 0;
	}
	return failed;
}

static int usage(void)
{
	fputs("usage: coach [-w WORKERS] [--strict] [--log FILE] CONVERSATION\n", stderr);
	return 2;
}

static int start(struct coach *coach, const char *path, const char *log_path)
{
	if (log_path && !(coach->log = fopen(log_path, "ae"))) {
		perror(log_path);
		return -1;
	}
	if (conversation_read(path, &coach->conversation) < 0)
		return -1;
	coach->outcomes = calloc(coach->conversation.n_messages + 1, sizeof(*coach->outcomes));
	return coach->outcomes ? 0 : -1;
}

static void release(struct coach *coach)
{
	for (size_t i = 0; coach->outcomes && i < coach->conversation.n_messages; i++)
		free(coach->outcomes[i].counts);
	free(coach->outcomes);
	conversation_release(&coach->conversation);
	if (coach->log)
		fclose(coach->log);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"workers", required_argument, NULL, 'w'},
						{"strict", no_argument, NULL, 's'},
						{"log", required_argument, NULL, 'l'},
						{0}};
	struct coach coach = {.log_lock = PTHREAD_MUTEX_INITIALIZER,
			      .lock = PTHREAD_MUTEX_INITIALIZER,
			      .changed = PTHREAD_COND_INITIALIZER};
	const char *log_path = NULL;
	long n_workers = 4;
	bool strict = false;
	int option, status = 1;

	while ((option = getopt_long(argc, argv, "w:", options, NULL)) >= 0) {
		if (option == 'w')
			n_workers = strtol(optarg, NULL, 10);
		else if (option == 's')
			strict = true;
		else if (option == 'l')
			log_path = optarg;
		else
			return usage();
	}
	if (optind != argc - 1 || n_workers < 1 || n_workers > MAX_WORKERS)
		return usage();
	if (start(&coach, argv[optind], log_path) == 0) {
		run(&coach, n_workers);
		status = report(&coach) > 0 && strict ? 3 : 0;
	}
	release(&coach);
	return status;
}
