// SPDX-License-Identifier: Apache-2.0
/* A descriptor table of the calling thread's own. */
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/stat.h>
#include <unistd.h>

#include "descriptors.h"

/*
 * Makes `fd` lead nowhere, but keeps its number taken: nothing that is opened later may become a
 * standard stream. Not /dev/null, which a chroot need not have.
 */
static void silence(int fd)
{
	int nowhere = open("/", O_PATH | O_CLOEXEC);

	if (nowhere < 0) {
		close(fd);
	} else if (nowhere != fd) {
		dup3(nowhere, fd, O_CLOEXEC);
		close(nowhere);
	}
}

bool ts_descriptors_separate(void)
{
	if (close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_UNSHARE) < 0)
		return false;
	silence(STDIN_FILENO);
	silence(STDOUT_FILENO);
	ts_descriptors_follow_stderr();
	return true;
}

void ts_descriptors_follow_stderr(void)
{
	struct stat ours, theirs;

	/* /proc/self is the main thread, which has the program's table. */
	if (fstat(STDERR_FILENO, &ours) == 0 && stat("/proc/self/fd/2", &theirs) == 0 &&
	    ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino)
		return;
	silence(STDERR_FILENO);
}
