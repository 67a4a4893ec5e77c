/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_SYS_H
#define TS_SYS_H

/*
 * System calls as the kernel has them: no errno, no cancellation point, no wrapper that the program
 * or another preloaded library put in their place. All answer the result or a negative errno.
 */

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

static inline long ts_syscall(long n, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static inline int ts_sys_open(const char *path, int flags, int mode)
{
	return (int)ts_syscall(SYS_openat, AT_FDCWD, (long)path, flags | O_CLOEXEC, mode, 0, 0);
}

static inline int ts_sys_close(int fd)
{
	return (int)ts_syscall(SYS_close, fd, 0, 0, 0, 0, 0);
}

static inline long ts_sys_read(int fd, void *buffer, size_t bytes)
{
	return ts_syscall(SYS_read, fd, (long)buffer, (long)bytes, 0, 0, 0);
}

static inline long ts_sys_write(int fd, const void *buffer, size_t bytes)
{
	return ts_syscall(SYS_write, fd, (long)buffer, (long)bytes, 0, 0, 0);
}

static inline long ts_sys_pread(int fd, void *buffer, size_t bytes, long offset)
{
	return ts_syscall(SYS_pread64, fd, (long)buffer, (long)bytes, offset, 0, 0);
}

static inline long ts_sys_pwrite(int fd, const void *buffer, size_t bytes, long offset)
{
	return ts_syscall(SYS_pwrite64, fd, (long)buffer, (long)bytes, offset, 0, 0);
}

static inline int ts_sys_fstat(int fd, struct stat *ret)
{
	return (int)ts_syscall(SYS_fstat, fd, (long)ret, 0, 0, 0, 0);
}

static inline int ts_sys_lstat(const char *path, struct stat *ret)
{
	return (int)ts_syscall(SYS_newfstatat, AT_FDCWD, (long)path, (long)ret, AT_SYMLINK_NOFOLLOW,
			       0, 0);
}

static inline int ts_sys_stat(const char *path, struct stat *ret)
{
	return (int)ts_syscall(SYS_newfstatat, AT_FDCWD, (long)path, (long)ret, 0, 0, 0);
}

/* Bytes written, the NUL included; what is no path from the root begins with '(' instead of '/'. */
static inline long ts_sys_getcwd(char *buffer, size_t bytes)
{
	return ts_syscall(SYS_getcwd, (long)buffer, (long)bytes, 0, 0, 0, 0);
}

static inline int ts_sys_mkdir(const char *path, int mode)
{
	return (int)ts_syscall(SYS_mkdirat, AT_FDCWD, (long)path, mode, 0, 0, 0);
}

static inline int ts_sys_unlink(const char *path)
{
	return (int)ts_syscall(SYS_unlinkat, AT_FDCWD, (long)path, 0, 0, 0, 0);
}

static inline int ts_sys_rmdir(const char *path)
{
	return (int)ts_syscall(SYS_unlinkat, AT_FDCWD, (long)path, AT_REMOVEDIR, 0, 0, 0);
}

/* Beyond the program's RLIMIT_FSIZE the kernel would send SIGXFSZ, which kills: -EFBIG instead. */
static inline int ts_sys_fallocate(int fd, long offset, long bytes)
{
	struct rlimit limit;

	if (ts_syscall(SYS_prlimit64, 0, RLIMIT_FSIZE, 0, (long)&limit, 0, 0) == 0 &&
	    (unsigned long)(offset + bytes) > limit.rlim_cur)
		return -EFBIG;
	return (int)ts_syscall(SYS_fallocate, fd, 0, offset, bytes, 0, 0);
}

/* The address, or a negative errno as a small negative number: test with ts_sys_failed(). */
static inline void *ts_sys_mmap(void *at, size_t bytes, int protection, int flags, int fd,
				long offset)
{
	return (void *)ts_syscall(SYS_mmap, (long)at, (long)bytes, protection, flags, fd, offset);
}

static inline int ts_sys_failed(const void *address)
{
	return (uintptr_t)address >= (uintptr_t)-4095;
}

static inline int ts_sys_munmap(void *at, size_t bytes)
{
	return (int)ts_syscall(SYS_munmap, (long)at, (long)bytes, 0, 0, 0, 0);
}

static inline int ts_sys_mprotect(void *at, size_t bytes, int protection)
{
	return (int)ts_syscall(SYS_mprotect, (long)at, (long)bytes, protection, 0, 0, 0);
}

static inline int ts_sys_madvise(void *at, size_t bytes, int advice)
{
	return (int)ts_syscall(SYS_madvise, (long)at, (long)bytes, advice, 0, 0, 0);
}

/*
 * For who waits until another thread puts a flag down, and has asked `turn` times. At first it lets others run, then it
 * sleeps: sched_yield lets nobody of a lower real-time priority run, and it may be such a thread that has the flag. It sleeps
 * for ever longer, 50 us to 13 ms: a thousand threads that woke all the time would leave that thread no processor. 50 ms are
 * over with turn 131, then it is 13 ms each.
 */
static inline void ts_sys_give_way(unsigned int turn)
{
	const unsigned int slept = turn < 100 ? 0 : turn - 100;
	const struct timespec moment = {.tv_nsec = 50000L << (slept < 32 ? slept / 4 : 8)};

	if (turn < 100)
		ts_syscall(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
	else
		ts_syscall(SYS_nanosleep, (long)&moment, 0, 0, 0, 0, 0);
}

static inline int ts_sys_getpid(void)
{
	return (int)ts_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0);
}

static inline int ts_sys_gettid(void)
{
	return (int)ts_syscall(SYS_gettid, 0, 0, 0, 0, 0, 0);
}

static inline long ts_sys_random(void *buffer, size_t bytes)
{
	return ts_syscall(SYS_getrandom, (long)buffer, (long)bytes, 0, 0, 0, 0);
}

#endif
