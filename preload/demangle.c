// SPDX-License-Identifier: Apache-2.0
/*
 * Mangled names, by libiberty (Debian's libiberty-dev 20230104): Itanium C++ and both manglings of Rust.
 *
 * It may be called while the program's malloc asks dlsym for something, so the memory that libiberty asks
 * for comes from a heap of our own: the linker leads its calls of malloc to __wrap_malloc (Makefile). It may
 * also be a thread with the smallest stack there is, and libiberty takes 10 KB for a name of 200 characters:
 * so it has a stack of its own, too.
 */

#include "demangle.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <libiberty/demangle.h>

#define OPTIONS     (DMGL_PARAMS | DMGL_ANSI | DMGL_RET_DROP)
#define HEAP_BYTES  (512 * 1024)
#define STACK_BYTES (512 * 1024)
#define MAX_NAME    4000 /* longer ones would need more heap than there is */

__attribute__((visibility("default"))) ts_demangle_fn ts_demangle;

/* --- memory ---------------------------------------------------------------------------------- */

void *__wrap_malloc(size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
void __wrap_free(void *memory);

static _Alignas(16) char heap[HEAP_BYTES]; /* in pages that are there once they are touched */
static size_t heap_used;

void *__wrap_malloc(size_t bytes)
{
	size_t room = (bytes + 31) & ~(size_t)15;
	char *memory = heap + heap_used;

	if (bytes > HEAP_BYTES || room > HEAP_BYTES - heap_used)
		return NULL;
	memcpy(memory, &bytes, sizeof(bytes));
	heap_used += room;
	return memory + 16;
}

void *__wrap_realloc(void *old, size_t bytes)
{
	void *memory = __wrap_malloc(bytes);
	size_t old_bytes;

	if (!old || !memory)
		return memory;
	memcpy(&old_bytes, (char *)old - 16, sizeof(old_bytes));
	return memcpy(memory, old, old_bytes < bytes ? old_bytes : bytes);
}

/* All of it is free when the next name comes. */
void __wrap_free(void *memory)
{
	(void)memory;
}

/* --- text ------------------------------------------------------------------------------------ */

struct text {
	char *text;
	size_t bytes, room;
	bool full;
};

static void append(const char *piece, size_t bytes, void *context)
{
	struct text *to = context;

	if (to->full || bytes >= to->room - to->bytes) {
		to->full = true;
		return;
	}
	memcpy(to->text + to->bytes, piece, bytes);
	to->bytes += bytes;
	to->text[to->bytes] = 0;
}

/* --- C++ ------------------------------------------------------------------------------------- */

static bool print(struct demangle_component *tree, struct text *to)
{
	to->bytes = 0;
	to->full = false;
	return cplus_demangle_print_callback(OPTIONS, tree, append, to) && !to->full;
}

/* The name of a function, past what only says which `this` it takes. */
static struct demangle_component *name_of(struct demangle_component *tree, bool *ret_const)
{
	struct demangle_component *name = tree->u.s_binary.left;

	for (;; name = name->u.s_binary.left) {
		switch (name->type) {
		case DEMANGLE_COMPONENT_CONST_THIS:
			*ret_const = true;
			continue;
		case DEMANGLE_COMPONENT_VOLATILE_THIS:
		case DEMANGLE_COMPONENT_RESTRICT_THIS:
		case DEMANGLE_COMPONENT_REFERENCE_THIS:
		case DEMANGLE_COMPONENT_RVALUE_REFERENCE_THIS:
			continue;
		default:
			return name;
		}
	}
}

/* Up to the parenthesis that closes the one before `text`; NULL: there is none. */
static char *end_of_params(char *text)
{
	size_t depth = 1;

	for (; *text; text++) {
		depth += *text == '(';
		depth -= *text == ')';
		if (!depth)
			return text;
	}
	return NULL;
}

/*
 * The whole is printed, and then its name alone, which says where in the whole the parameters begin: those
 * of a template's instance cannot be printed without it.
 */
static int split(struct demangle_component *tree, struct text *whole, struct text *name,
		 struct ts_demangled *ret)
{
	char *end;

	if (!print(tree, whole) || !print(name_of(tree, &ret->is_const), name))
		return -EINVAL;
	if (strncmp(whole->text, name->text, name->bytes) != 0 || whole->text[name->bytes] != '(')
		return -EINVAL;
	end = end_of_params(whole->text + name->bytes + 1);
	if (!end)
		return -EINVAL;
	*end = 0;
	ret->name = name->text;
	ret->params = whole->text + name->bytes + 1;
	return 0;
}

static int demangle_cplus(const char *mangled, struct text *whole, struct text *name,
			  struct ts_demangled *ret)
{
	void *memory = NULL;
	struct demangle_component *tree = cplus_demangle_v3_components(mangled, OPTIONS, &memory);
	int r = -EINVAL;

	if (tree && tree->type == DEMANGLE_COMPONENT_TYPED_NAME)
		r = split(tree, whole, name, ret);
	return r;
}

struct task {
	const char *mangled;
	struct text whole, name;
	struct ts_demangled *ret;
	int result;
};

static void demangle(struct task *task)
{
	const char *mangled = task->mangled;

	task->result = -EINVAL;
	if (rust_demangle_callback(mangled, 0, append, &task->whole) && !task->whole.full) {
		task->ret->name = task->whole.text;
		task->result = 0;
	} else if (mangled[0] == '_' && mangled[1] == 'Z') {
		task->result = demangle_cplus(mangled, &task->whole, &task->name, task->ret);
	}
}

/* --- the stack ------------------------------------------------------------------------------- */

static _Alignas(16) char stack[STACK_BYTES]; /* in pages that are there once they are touched */

/* Calls work(task) on the stack above. */
static void __attribute__((noinline)) call_there(void (*work)(struct task *), struct task *task)
{
	__asm__ volatile("movq %%rsp, %%rbx\n\t"
			 "movq %[top], %%rsp\n\t"
			 "call *%[work]\n\t"
			 "movq %%rbx, %%rsp"
			 : "+D"(task), [work] "+a"(work)
			 : [top] "r"(stack + sizeof(stack))
			 : "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "xmm0", "xmm1",
			   "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
			   "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "memory", "cc");
}

int ts_demangle(const char *mangled, char *buffer, size_t bytes, struct ts_demangled *ret)
{
	struct task task = {
		.mangled = mangled,
		.whole = {.text = buffer, .room = bytes / 2},
		.name = {.text = buffer + bytes / 2, .room = bytes / 2},
		.ret = ret,
	};

	heap_used = 0;
	*ret = (struct ts_demangled){.name = NULL};
	if (strlen(mangled) > MAX_NAME)
		return -EINVAL;
	call_there(demangle, &task);
	return task.result;
}
