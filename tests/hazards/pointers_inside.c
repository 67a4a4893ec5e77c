// SPDX-License-Identifier: Apache-2.0
/*
 * Row: a function's address, taken in the object that defines it and in another, is one and the same.
 *
 * rules:
 *   [pipeline]
 *   mine = int mine(int number)
 *   theirs = int theirs(int number)
 * spans:
 *   3 trace mine -
 *   1 trace theirs -
 * known: a slot holds the thunk's address where the code of the defining object holds the function's own
 * only: lib
 * build: $CC $PIC -shared -DLIBRARY -o libhazard.so $SRC $LINK -Wl,-Bsymbolic
 * build: $CC $PIE -DPROGRAM -rdynamic -o program $SRC $LINK_PIE -lhazard
 */
#include <stdio.h>

#include "hazard.h"

typedef int function(int);

int mine(int number);
int theirs(int number);
int is_mine(function *asked);
int is_theirs(function *asked);
extern function *const copied[2];

#ifdef LIBRARY
TRACED int theirs(int number)
{
	BARRIER();
	return number + 2;
}

function *const copied[2] = {theirs, mine};

int is_mine(function *asked)
{
	return asked == mine ? asked(1) : -1;
}

int is_theirs(function *asked)
{
	return asked == theirs ? asked(1) : -1;
}
#endif

#ifdef PROGRAM
TRACED int mine(int number)
{
	BARRIER();
	return number + 1;
}

int main(void)
{
	function *volatile own = mine, *volatile other = theirs;

	printf("%d %d\n", is_mine(own), is_theirs(other));
	printf("%d %d\n", copied[0] == other,
	       copied[1] == own); /* a COPY relocation, without PIE */
	return own(1) + mine(2);
}
#endif
