// SPDX-License-Identifier: Apache-2.0
#include "work.h"

int job(long number, int body(struct victim_thread *), struct victim_thread *thread)
{
	return body(thread) + (int)(number & 0);
}

int stay(long number, int body(struct victim_thread *), struct victim_thread *thread)
{
	return body(thread) + (int)(number & 0);
}

int part(long number, const char *text, void body(struct victim_thread *),
	 struct victim_thread *thread)
{
	body(thread);
	return (int)(number % 1000003) + text[0] - '0';
}
