// SPDX-License-Identifier: Apache-2.0
/* A small library with every table that the ELF reader reads: fuzz-elf starts from it. */

extern int one(int number);
extern char **environ;
int two(int number);
int printf(const char *, ...);
int (*const table[2])(int) = {one, two};
int older(int number);

__asm__(".symver older, one@V1");
int older(int number)
{
	return number;
}

__asm__(".symver newer, one@@V2");
int newer(int number);
int newer(int number)
{
	return printf("%d", table[0](number)) + (environ != 0);
}

int two(int number)
{
	return one(number) + 1;
}
