/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_HOT_H
#define TS_HOT_H

/*
 * The rules of this folder. Its code runs on a stranger's thread, inside a call that the stranger
 * made, perhaps in a signal handler, perhaps on 16 KB of stack, with the caller's vector registers
 * live. So:
 *
 *   - it includes ../abi.h and this folder, calls nothing outside it but the slow path, and in the
 *     middle of an exception what unwind.h says, and setup code fills what it reads;
 *   - no libc (whose memcpy and strlen use vector registers), no allocation, no lock but the
 *     overflow ring's, which is not waited for; no system call but a futex wake when a ring is half
 *     full, a look at the alternate stack when calls seem to have been jumped over, and those of
 *     checked.c where a fault would not reach our handler; errno is read and never written (but put
 *     back after an exception's what(), exception.c);
 *   - a pointer of the program is followed through guarded.h alone, for it may lead nowhere; strings
 *     go through two vector registers there, which are put back, and nothing else touches one;
 *   - under 512 bytes of stack.
 *
 * Include it last: what follows makes the preprocessor enforce the rest. The linked object's
 * imports and the disassembly are checked as well (tests/borders).
 */

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* What every call runs is one piece of code; what few calls run stays out of it. */
#define always_inline inline __attribute__((always_inline))
#define cold          __attribute__((noinline, cold))

/* Orders against a signal handler on this thread, which sees our stores in program order. */
#define ts_barrier() __asm__ volatile("" ::: "memory")

#pragma GCC poison malloc calloc realloc free alloca mmap munmap
#pragma GCC poison memcpy memmove memset memcmp strlen strcpy strcmp strncmp
#pragma GCC poison printf fprintf snprintf write read open close
#pragma GCC poison errno pthread_mutex_lock pthread_getspecific pthread_self
#pragma GCC poison clock_gettime gettimeofday getpid syscall abort exit assert

#endif
