// SPDX-License-Identifier: Apache-2.0
// throws DEPTH BURSTS: ns for an exception that leaves DEPTH calls of `descend` and is caught, one line a burst.
// The first burst is not timed; between bursts the flusher catches up (calls.c).

#include <cstdio>
#include <cstdlib>
#include <ctime>

#include "benched.h"

extern "C" {
#include "spool.h"
}

namespace
{

constexpr int CALLS = 1000; // in a burst

struct burst {
	int depth;
	double ns;
};

int fail()
{
	throw 1;
}

double now_ns()
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return double(now.tv_sec) * 1e9 + double(now.tv_nsec);
}

void run(void *data)
{
	burst *burst = static_cast<struct burst *>(data);
	int n = CALLS / burst->depth;
	double start = now_ns();

	for (int i = 0; i < n; i++) {
		try {
			descend(burst->depth, fail);
		} catch (int) {
		}
	}
	burst->ns = (now_ns() - start) / n;
}

} // namespace

int main(int argc, char **argv)
{
	struct bench_spool spool;
	bool traced;

	if (argc < 3) {
		std::fputs("usage: throws DEPTH BURSTS\n", stderr);
		return 2;
	}
	burst burst = {std::atoi(argv[1]), 0};

	converse(run, &burst);
	traced = bench_spool_open(&spool);
	for (int i = 0; i < std::atoi(argv[2]); i++) {
		if (traced)
			bench_spool_wait(&spool, UINT64_MAX);
		converse(run, &burst);
		std::printf("%.1f\n", burst.ns);
	}
	if (!traced || !bench_spool_lost(&spool))
		return 0;
	std::fputs("throws: spans were lost; the figures do not count\n", stderr);
	return 1;
}
