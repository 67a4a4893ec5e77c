// SPDX-License-Identifier: Apache-2.0
/*
 * confined no-exec|no-mem|mdwe CMD...: runs CMD where no memory without a file may be executable (seccomp),
 * where nothing below /proc may be written (Landlock), or where memory may not become executable
 * (PR_SET_MDWE). 125: this kernel cannot do that.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <dirent.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE              65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

#define ARGUMENT(n) ((unsigned)(offsetof(struct seccomp_data, args) + 8 * (n)))

/* mmap of executable memory without a file, and mprotect that makes memory executable: EPERM. */
static int no_exec(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARGUMENT(3)),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, MAP_ANONYMOUS, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ARGUMENT(2)),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static void allow(int rules, const char *name)
{
	struct landlock_path_beneath_attr beneath = {
		.allowed_access = LANDLOCK_ACCESS_FS_WRITE_FILE,
	};
	char path[512];

	snprintf(path, sizeof(path), "/%s", name);
	beneath.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (beneath.parent_fd < 0)
		return;
	syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
	close(beneath.parent_fd);
}

/* Files may be written below every folder of the root but /proc. */
static int no_mem(void)
{
	struct landlock_ruleset_attr what = {.handled_access_fs = LANDLOCK_ACCESS_FS_WRITE_FILE};
	int rules = (int)syscall(SYS_landlock_create_ruleset, &what, sizeof(what), 0);
	DIR *root = opendir("/");
	struct dirent *entry;

	if (rules < 0 || !root)
		return -1;
	while ((entry = readdir(root)))
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, "proc") != 0)
			allow(rules, entry->d_name);
	closedir(root);
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       (int)syscall(SYS_landlock_restrict_self, rules, 0);
}

static int mdwe(void)
{
	return prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*confine)(void);
	} ways[] = {{"no-exec", no_exec}, {"no-mem", no_mem}, {"mdwe", mdwe}};

	for (size_t i = 0; argc > 2 && i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (strcmp(argv[1], ways[i].name) != 0)
			continue;
		if (ways[i].confine())
			return 125;
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		return 127;
	}
	return 2;
}
