// SPDX-License-Identifier: Apache-2.0
/* A program whose functions have names of the C library's, and other parameters. */
#include <stdio.h>

double connect(const char *to, double weight);
const char *close(const char *what, double weight);
int recv(int a, int b, int c, int d, int e, int f, int g, int h);

__attribute__((noipa)) double connect(const char *to, double weight)
{
	return to[0] + weight;
}

__attribute__((noipa)) const char *close(const char *what, double weight)
{
	return weight > 1 ? what : "";
}

__attribute__((noipa)) int recv(int a, int b, int c, int d, int e, int f, int g, int h)
{
	return a - b + c - d + e - f + 10 * g + 100 * h;
}

int main(void)
{
	printf("%g %s %d\n", connect("a", 0.5), close("closed", 2), recv(1, 2, 3, 4, 5, 6, 7, 8));
	return 0;
}
