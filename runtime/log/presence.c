// SPDX-License-Identifier: Apache-2.0
/*
 * A lock of the open file description (fcntl, F_OFD_SETLK): it ends with the collector, can be asked for without
 * being taken, and says the same in every pid namespace.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../file.h"
#include "presence.h"

int ts_presence_take(const char *root, struct ts_error *err)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char path[PATH_MAX];
	int fd, result;

	if (snprintf(path, sizeof(path), "%s/" TS_PRESENCE_FILE, root) >= (int)sizeof(path))
		return ts_error_set(err, -ENAMETOOLONG, "%s: too long a path", root);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return ts_error_set(err, -errno, "%s: %s", path, strerrordesc_np(errno));
	if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
		return fd;
	result = errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
	close(fd);
	if (result == -EBUSY)
		return ts_error_set(err, result, "another collector serves %s", root);
	return ts_error_set(err, result, "%s/" TS_PRESENCE_FILE ": %s", root,
			    strerrordesc_np(-result));
}

bool ts_presence_lost(int fd)
{
	struct stat file;

	return fstat(fd, &file) == 0 && file.st_nlink == 0;
}

static void let_go(struct ts_presence *presence)
{
	close(presence->fd);
	presence->fd = -1;
}

bool ts_presence_look(struct ts_presence *presence)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct stat file;
	bool present;

	/* the folder may have been removed and made anew */
	if (presence->fd >= 0 && (fstat(presence->fd, &file) < 0 || file.st_nlink == 0))
		let_go(presence);
	if (presence->fd < 0)
		presence->fd = ts_file_open(presence->root, TS_PRESENCE_FILE, O_RDONLY);
	if (presence->fd < 0)
		return false;
	present = fcntl(presence->fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
	if (!presence->keep)
		let_go(presence);
	return present;
}
