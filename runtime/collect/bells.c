// SPDX-License-Identifier: Apache-2.0
/*
 * A ringer is a thread and the words it waits at; the first of them is its own, which calls it back when its words
 * have changed. It looks at words under its lock only, so a word that was removed may be unmapped: to wait at a stale
 * address is harmless, for its own word then differs from what it expects.
 */
#include "bells.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MAX_WORDS   (FUTEX_WAITV_MAX - 1)
#define MAX_RINGERS 32
#define STACK_BYTES (128UL * 1024)
#define LOOK_NS     10000000L

struct ringer {
	pthread_t thread;
	pthread_mutex_t lock;
	uint32_t changed; /* its own word */
	bool stop;
	int rang;
	unsigned int n;
	const uint32_t *words[MAX_WORDS];
	uint32_t seen[MAX_WORDS];
};

struct ts_bells {
	int rang;
	unsigned int n;
	struct ringer *ringers[MAX_RINGERS];
};

static uint32_t load(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

/* What to wait for; true if a word has changed since it was last looked at. With the lock held. */
static bool look(struct ringer *ringer, struct futex_waitv *waiters)
{
	bool rang = false;

	waiters[0] = (struct futex_waitv){
		.val = ringer->changed, .uaddr = (uintptr_t)&ringer->changed, .flags = FUTEX_32};
	for (unsigned int i = 0; i < ringer->n; i++) {
		uint32_t value = load(ringer->words[i]);

		rang |= value != ringer->seen[i];
		ringer->seen[i] = value;
		/* not FUTEX_PRIVATE_FLAG: the word lies in a shared file */
		waiters[i + 1] = (struct futex_waitv){
			.val = value, .uaddr = (uintptr_t)ringer->words[i], .flags = FUTEX_32};
	}
	return rang;
}

static void wait_at(struct futex_waitv *waiters, unsigned int n)
{
	const struct timespec moment = {.tv_nsec = LOOK_NS};

	if (syscall(SYS_futex_waitv, waiters, n, 0, NULL, 0) < 0 && errno == ENOSYS)
		nanosleep(&moment, NULL);
}

static void pass_on(const struct ringer *ringer)
{
	uint64_t one = 1;

	/* it fails when it has been told 2^64 times */
	(void)!write(ringer->rang, &one, sizeof(one));
}

static void *ring_on(void *context)
{
	struct futex_waitv waiters[MAX_WORDS + 1];
	struct ringer *ringer = context;
	bool stop = false, rang;
	unsigned int n;

	while (!stop) {
		pthread_mutex_lock(&ringer->lock);
		rang = look(ringer, waiters);
		n = ringer->n + 1;
		stop = ringer->stop;
		pthread_mutex_unlock(&ringer->lock);
		if (rang)
			pass_on(ringer);
		else if (!stop)
			wait_at(waiters, n);
	}
	return NULL;
}

/* With the lock held. */
static void call_back(struct ringer *ringer)
{
	__atomic_fetch_add(&ringer->changed, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &ringer->changed, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static struct ringer *new_ringer(int rang)
{
	struct ringer *ringer = calloc(1, sizeof(*ringer));
	pthread_attr_t attributes;
	int result;

	if (!ringer)
		return NULL;
	ringer->rang = rang;
	pthread_mutex_init(&ringer->lock, NULL);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	result = pthread_create(&ringer->thread, &attributes, ring_on, ringer);
	pthread_attr_destroy(&attributes);
	if (!result)
		return ringer;
	pthread_mutex_destroy(&ringer->lock);
	free(ringer);
	return NULL;
}

static void free_ringer(struct ringer *ringer)
{
	pthread_mutex_lock(&ringer->lock);
	ringer->stop = true;
	call_back(ringer);
	pthread_mutex_unlock(&ringer->lock);
	pthread_join(ringer->thread, NULL);
	pthread_mutex_destroy(&ringer->lock);
	free(ringer);
}

int ts_bells_new(struct ts_bells **ret, int rang)
{
	struct ts_bells *bells = calloc(1, sizeof(*bells));

	if (!bells)
		return -ENOMEM;
	bells->rang = rang;
	*ret = bells;
	return 0;
}

void ts_bells_free(struct ts_bells *bells)
{
	for (unsigned int i = 0; bells && i < bells->n; i++)
		free_ringer(bells->ringers[i]);
	free(bells);
}

static bool add_to(struct ringer *ringer, const uint32_t *word)
{
	bool room;

	pthread_mutex_lock(&ringer->lock);
	room = ringer->n < MAX_WORDS;
	if (room) {
		ringer->words[ringer->n] = word;
		ringer->seen[ringer->n++] = load(word);
		call_back(ringer);
	}
	pthread_mutex_unlock(&ringer->lock);
	return room;
}

bool ts_bells_add(struct ts_bells *bells, const uint32_t *word)
{
	for (unsigned int i = 0; i < bells->n; i++)
		if (add_to(bells->ringers[i], word))
			return true;
	if (bells->n == MAX_RINGERS)
		return false;
	bells->ringers[bells->n] = new_ringer(bells->rang);
	return bells->ringers[bells->n] && add_to(bells->ringers[bells->n++], word);
}

static bool remove_from(struct ringer *ringer, const uint32_t *word)
{
	bool found = false;

	pthread_mutex_lock(&ringer->lock);
	for (unsigned int i = 0; i < ringer->n && !found; i++) {
		found = ringer->words[i] == word;
		if (!found)
			continue;
		ringer->n--;
		ringer->words[i] = ringer->words[ringer->n];
		ringer->seen[i] = ringer->seen[ringer->n];
		call_back(ringer);
	}
	pthread_mutex_unlock(&ringer->lock);
	return found;
}

void ts_bells_remove(struct ts_bells *bells, const uint32_t *word)
{
	for (unsigned int i = 0; i < bells->n; i++)
		if (remove_from(bells->ringers[i], word))
			return;
}
