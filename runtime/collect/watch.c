// SPDX-License-Identifier: Apache-2.0
#include "watch.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "../log/spool.h"

struct ts_watch {
	int fd;
	char *root;
};

int ts_watch_new(struct ts_watch **ret, const char *root, struct ts_error *err)
{
	struct ts_watch *watch = calloc(1, sizeof(*watch));
	int result = -ENOMEM;

	if (watch)
		watch->fd = -1;
	if (watch && (watch->root = strdup(root))) {
		watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
		if (watch->fd >= 0 && inotify_add_watch(watch->fd, root,
							IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF |
								IN_MOVE_SELF | IN_ONLYDIR) >= 0) {
			*ret = watch;
			return 0;
		}
		result = -errno;
	}
	ts_watch_free(watch);
	return ts_error_set(err, result, "cannot watch %s: %s", root, strerrordesc_np(-result));
}

void ts_watch_free(struct ts_watch *watch)
{
	if (!watch)
		return;
	if (watch->fd >= 0)
		close(watch->fd);
	free(watch->root);
	free(watch);
}

int ts_watch_fd(const struct ts_watch *watch)
{
	return watch->fd;
}

static enum ts_watched take_event(const struct ts_watch *watch, const struct inotify_event *event,
				  ts_watch_fn *take, void *context)
{
	if (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED))
		return TS_WATCH_GONE;
	if (event->mask & IN_Q_OVERFLOW)
		return TS_WATCH_SCAN;
	if (event->mask & IN_ISDIR && event->len && ts_spool_is(watch->root, event->name))
		take(context, event->name);
	return TS_WATCH_ALL;
}

enum ts_watched ts_watch_read(struct ts_watch *watch, ts_watch_fn *take, void *context)
{
	char buffer[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
	enum ts_watched worst = TS_WATCH_ALL, one;
	ssize_t n;

	while ((n = read(watch->fd, buffer, sizeof(buffer))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *event = (const void *)(buffer + at);

			one = take_event(watch, event, take, context);
			worst = one > worst ? one : worst;
			at += (ssize_t)sizeof(*event) + event->len;
		}
	}
	return worst;
}

int ts_watch_scan(const struct ts_watch *watch, ts_watch_fn *take, void *context)
{
	DIR *folder = opendir(watch->root);
	struct dirent *entry;

	if (!folder)
		return -errno;
	while ((entry = readdir(folder)))
		if (ts_spool_is(watch->root, entry->d_name))
			take(context, entry->d_name);
	closedir(folder);
	return 0;
}
