// SPDX-License-Identifier: Apache-2.0
// Steps through calls one instruction at a time (trap flag, SIGTRAP), and wherever it stands in an object that is
// not the program's asks the unwinder for the callers: main must be among them, or what a thread began with. Prints
// what it did not find; $STEP_LOG gets how many places there were, a line a way. `step calls` throws nothing:
// libunwind.so blocks all signals as it unwinds, and a trap that is blocked ends the program.

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <link.h>
#include <thread>
#include <ucontext.h>
#include <unwind.h>

#include "calls.h"

int main(int argc, char **argv);

namespace
{

struct range {
	std::uintptr_t low, high;
} watched;

constexpr int MOST_PLACES = 65536;
std::uint32_t places[MOST_PLACES]; // offsets in what is watched, each once
int n_places, n_lost;
bool with_throws;
void *outermost = reinterpret_cast<void *>(main);

_Unwind_Reason_Code look_for_outermost(struct _Unwind_Context *context, void *found)
{
	void *place = reinterpret_cast<void *>(_Unwind_GetIP(context) - 1);

	if (_Unwind_FindEnclosingFunction(place) != outermost)
		return _URC_NO_REASON;
	*static_cast<bool *>(found) = true;
	return _URC_END_OF_STACK;
}

bool is_new(std::uint32_t offset)
{
	for (int i = n_places - 1; i >= 0; i--)
		if (places[i] == offset)
			return false;
	if (n_places < MOST_PLACES)
		places[n_places++] = offset;
	return true;
}

void trapped(int, siginfo_t *, void *context)
{
	std::uintptr_t at = static_cast<ucontext_t *>(context)->uc_mcontext.gregs[REG_RIP];
	bool found = false;

	if (at < watched.low || at >= watched.high || !is_new(std::uint32_t(at - watched.low)))
		return;
	_Unwind_Backtrace(look_for_outermost, &found);
	if (found)
		return;
	n_lost++;
	std::printf("lost at %#lx\n", at - watched.low);
}

int find_shim(struct dl_phdr_info *info, std::size_t, void *)
{
	if (!std::strstr(info->dlpi_name, "libtraceshim"))
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) &segment = info->dlpi_phdr[i];

		if (segment.p_type == PT_LOAD && segment.p_flags & PF_X) {
			watched.low = info->dlpi_addr + segment.p_vaddr;
			watched.high = watched.low + segment.p_memsz;
		}
	}
	return 1;
}

// The red zone may be in use.
#define TRAP_FLAG(change)                                                                        \
	__asm__ volatile("leaq -128(%%rsp), %%rsp\n\tpushfq\n\t" change ", (%%rsp)\n\tpopfq\n\t" \
			 "leaq 128(%%rsp), %%rsp" ::                                             \
				 : "cc", "memory")

inline void step()
{
	TRAP_FLAG("orq $0x100");
}

inline void run()
{
	TRAP_FLAG("andq $~0x100");
}

int fail(int number)
{
	throw number;
}

void returns()
{
	step();
	reach(leaf, 3);
	run();
}

void fails()
{
	step();
	leaf(1);
	run();
}

void floats()
{
	step();
	scale(leaf, 1.5f);
	run();
}

void throws()
{
	step();
	try {
		deep(2, fail, 1);
	} catch (int) {
	}
	run();
}

void begin_thread()
{
	step();
	leaf(0);
	run();
}

// The first call of a thread: the shim makes it ready, on a stack of its own.
void begins()
{
	outermost = reinterpret_cast<void *>(begin_thread);
	std::thread(begin_thread).join();
	outermost = reinterpret_cast<void *>(main);
}

const struct {
	const char *name;
	void (*what)();
} ways[] = {{"returns", returns},
	    {"fails", fails},
	    {"floats", floats},
	    {"begins", begins},
	    {"throws", throws}};

void all()
{
	const char *path = std::getenv("STEP_LOG");
	std::FILE *log = path ? std::fopen(path, "w") : nullptr;

	for (const auto &way : ways) {
		bool found;

		if (!with_throws && way.what == throws)
			continue;
		// the program's first event, and the unwinder's own first time, are not what is looked at
		leaf(0);
		_Unwind_Backtrace(look_for_outermost, &found);
		n_places = 0;
		way.what();
		if (log)
			std::fprintf(log, "%s %d\n", way.name, n_places);
	}
	if (log)
		std::fclose(log);
}

} // namespace

int main(int argc, char **)
{
	struct sigaction action = {};

	action.sa_sigaction = trapped;
	action.sa_flags = SA_SIGINFO;
	sigaction(SIGTRAP, &action, nullptr);
	dl_iterate_phdr(find_shim, nullptr);
	with_throws = argc == 1;
	play(all);
	std::printf("%d places without main\n", n_lost);
	return 0;
}
