// SPDX-License-Identifier: Apache-2.0
/*
 * Row: a first event, of a program, a thread and a forked child, makes files and threads in the middle of a call: every
 * vector and mask register, x87, MXCSR and errno come out of it as they went in, and so do the arguments. One in a signal
 * handler makes no thread.
 *
 * rules:
 *   [pipeline]
 *   probe = long probe(struct state *ret, const char *text, long number)
 * run: program
 * run: handler
 * spans:
 *   6 trace probe -
 */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hazard.h"

struct state {
	uint8_t vectors[32][64];
	uint64_t masks[8];
	uint32_t mxcsr;
	uint16_t x87_control, x87_status;
	uint8_t x87_tenth[16];
};

enum width { SSE, AVX, AVX512 };

extern int width;
long probe(struct state *ret, const char *text, long number);
long call_with(const struct state *around, struct state *ret, const char *text, long number);

#ifdef LIBRARY
int width;

/* probe(ret, text, number): keeps what it finds. */
__asm__(".text\n"
	".globl probe\n"
	".type probe, @function\n"
	"probe:\n"
	".cfi_startproc\n"
#ifdef __CET__
	"	endbr64\n"
#endif
	"	mov width@GOTPCREL(%rip), %rax\n"
	"	mov (%rax), %eax\n"
	"	stmxcsr 2112(%rdi)\n"
	"	fnstcw 2116(%rdi)\n"
	"	fnstsw 2118(%rdi)\n"
	"	fld %st(0)\n"
	"	fstpt 2120(%rdi)\n"
	"	cmp $1, %eax\n"
	"	jb 1f\n"
	"	je 2f\n"
	".altmacro\n"
	".macro keep_512 n\n	vmovdqu64 %zmm\\n, \\n*64(%rdi)\n.endm\n"
	".macro keep_256 n\n	vmovdqu %ymm\\n, \\n*64(%rdi)\n.endm\n"
	".macro keep_128 n\n	movups %xmm\\n, \\n*64(%rdi)\n.endm\n"
	".macro keep_mask n\n	kmovw %k\\n, 2048+\\n*8(%rdi)\n.endm\n"
	".macro take_512 n\n	vmovdqu64 \\n*64(%rdi), %zmm\\n\n.endm\n"
	".macro take_256 n\n	vmovdqu \\n*64(%rdi), %ymm\\n\n.endm\n"
	".macro take_128 n\n	movups \\n*64(%rdi), %xmm\\n\n.endm\n"
	".macro take_mask n\n	kmovw 2048+\\n*8(%rdi), %k\\n\n.endm\n"
	".macro all what, count\n	.set i, 0\n	.rept \\count\n	\\what %i\n"
	"	.set i, i+1\n	.endr\n.endm\n"
	"	all keep_512, 32\n"
	"	all keep_mask, 8\n"
	"	jmp 3f\n"
	"2:	all keep_256, 16\n"
	"	jmp 3f\n"
	"1:	all keep_128, 16\n"
	"3:	movzbl (%rsi), %eax\n"
	"	add %rdx, %rax\n"
	"	ret\n"
	".cfi_endproc\n"
	".size probe, .-probe\n");

/* call_with(around, ret, text, number): probe, with the registers that `around` says. */
__asm__(".text\n"
	".globl call_with\n"
	".type call_with, @function\n"
	"call_with:\n"
	"	sub $8, %rsp\n"
	"	mov width@GOTPCREL(%rip), %rax\n"
	"	mov (%rax), %eax\n"
	"	cmp $1, %eax\n"
	"	jb 1f\n"
	"	je 2f\n"
	"	all take_512, 32\n"
	"	all take_mask, 8\n"
	"	jmp 3f\n"
	"2:	all take_256, 16\n"
	"	jmp 3f\n"
	"1:	all take_128, 16\n"
	"3:	stmxcsr (%rsp)\n"
	"	fnstcw 4(%rsp)\n"
	"	ldmxcsr 2112(%rdi)\n"
	"	fldcw 2116(%rdi)\n"
	"	fldt 2120(%rdi)\n"
	"	mov %rsi, %rdi\n"
	"	mov %rdx, %rsi\n"
	"	mov %rcx, %rdx\n"
	"	call probe@PLT\n"
	"	fstp %st(0)\n"
	"	ldmxcsr (%rsp)\n"
	"	fldcw 4(%rsp)\n"
	"	add $8, %rsp\n"
	"	ret\n"
	".size call_with, .-call_with\n"
	".noaltmacro\n");
#endif

#ifdef PROGRAM
static const int bytes[] = {[SSE] = 16, [AVX] = 32, [AVX512] = 64};

static void fill(struct state *state)
{
	static const uint8_t tenth[10] = {0xcd, 0xcc, 0xcc, 0xcc, 0xcc,
					  0xcc, 0xcc, 0xcc, 0xfb, 0x3f};

	memset(state, 0, sizeof(*state));
	for (int i = 0; i < (width == AVX512 ? 32 : 16); i++)
		for (int j = 0; j < bytes[width]; j++)
			state->vectors[i][j] = (uint8_t)(i * 7 + j * 3 + 1);
	for (int i = 0; width == AVX512 && i < 8; i++)
		state->masks[i] = (uint64_t)(0x1234 + i * 0x1111) & 0xffff;
	state->mxcsr = 0xffc0;       /* towards zero, flush to zero, denormals are zero */
	state->x87_control = 0x0e7f; /* towards zero, doubles */
	memcpy(state->x87_tenth, tenth, sizeof(tenth));
}

static void call(const char *who)
{
	struct state around, inside;
	long answer;
	int error;

	fill(&around);
	memset(&inside, 0, sizeof(inside));
	errno = 4711;
	answer = call_with(&around, &inside, "~", 10);
	error = errno;
	inside.x87_status &= 0x3800;
	around.x87_status = 0x3800;
	printf("%s %ld errno %d:", who, answer, error);
	for (int i = 0; i < 32; i++)
		if (memcmp(around.vectors[i], inside.vectors[i], 64) != 0)
			printf(" vector %d", i);
	printf(" masks %d mxcsr %x x87 %x %x %d\n",
	       memcmp(around.masks, inside.masks, sizeof(inside.masks)) == 0, inside.mxcsr,
	       inside.x87_control, inside.x87_status,
	       memcmp(around.x87_tenth, inside.x87_tenth, 10) == 0);
	fflush(stdout);
}

static void *run(void *unused)
{
	call("thread");
	return unused;
}

static int count_threads(void)
{
	DIR *threads = opendir("/proc/self/task");
	struct dirent *entry;
	int n = 0;

	while ((entry = readdir(threads)))
		n += entry->d_name[0] != '.';
	closedir(threads);
	return n;
}

static void handle(int signal)
{
	int before = count_threads();

	(void)signal;
	call("handler");
	printf("%d new threads\n", count_threads() - before);
}

static void call_in_handler(void)
{
	signal(SIGUSR1, handle);
	raise(SIGUSR1);
	call("after it");
}

int main(int argc, char **argv)
{
	pthread_t thread;
	pid_t pid;

	width = __builtin_cpu_supports("avx512f") ? AVX512
		: __builtin_cpu_supports("avx")   ? AVX
						  : SSE;
	if (argc > 1 && strcmp(argv[1], "handler") == 0) {
		call_in_handler();
		return 0;
	}
	call("program");
	pthread_create(&thread, NULL, run, NULL);
	pthread_join(thread, NULL);
	pid = fork();
	if (!pid) {
		call("child");
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	call("parent");
	return 0;
}
#endif
