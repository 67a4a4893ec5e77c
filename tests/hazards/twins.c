// SPDX-License-Identifier: Apache-2.0
/*
 * Row: two libraries with one soname in two folders, each with a function of one name; RTLD_DEEPBIND; dlmopen. Every
 * caller reaches the one it is bound to.
 *
 * rules:
 *   [pipeline]
 *   all = int all(int number)
 *   [tool]
 *   which = int which(int number)
 *   ask = int ask(int number)
 * check: (SELECT count(*) = 2 FROM pipeline_traces)
 * check: (SELECT group_concat(r) = '1,2,3,4' FROM (SELECT DISTINCT json_extract(output_data, '$.result') / 100 AS r FROM pipeline_spans WHERE span_name = 'tool:which' ORDER BY r))
 * check: (SELECT count(*) >= 4 FROM pipeline_spans a JOIN pipeline_spans b ON a.parent_span_id = b.span_id WHERE a.span_name = 'tool:which' AND b.span_name = 'tool:ask')
 * only: lib
 * build: mkdir -p a b d
 * build: $CC $PIC -shared -DLIBRARY=1 -o a/libtwin.so $SRC $LINK -Wl,-soname,libtwin.so
 * build: $CC $PIC -shared -DLIBRARY=2 -o b/libtwin.so $SRC $LINK -Wl,-soname,libtwin.so
 * build: $CC $PIC -shared -DLIBRARY=3 -o libdeep.so $SRC $LINK
 * build: $CC $PIC -shared -DLIBRARY=5 -o d/libtwin.so $SRC $LINK
 * build: $CC $PIC -shared -DMIDDLE -o libmiddle.so $SRC $LINK
 * build: $CC $PIE -DPROGRAM -rdynamic -o program $SRC $LINK_PIE -lmiddle
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "hazard.h"

int all(int number);
int which(int number);
int ask(int number);

#ifdef LIBRARY
TRACED int which(int number)
{
	BARRIER();
	return LIBRARY * 100 + number;
}

TRACED int ask(int number)
{
	return which(number) * 10 + 1;
}
#endif

#ifdef PROGRAM
/* The program's own comes before those of libraries, but for what is bound deeply. */
TRACED int which(int number)
{
	BARRIER();
	return 400 + number;
}

#endif

#ifdef MIDDLE
static int ask_in(void *library, int number)
{
	int (*ask)(int) = dlsym(library, "ask");
	int (*which)(int) = dlsym(library, "which");
	int answer;

	if (!ask || !which) {
		printf("%s\n", dlerror());
		exit(1);
	}
	answer = ask(number);
	printf("%d %d\n", answer, which(number));
	return answer;
}

TRACED int all(int number)
{
	return ask_in(dlopen("./a/libtwin.so", RTLD_LAZY | RTLD_LOCAL), number) +
	       ask_in(dlopen("./b/libtwin.so", RTLD_LAZY | RTLD_LOCAL), number) +
	       ask_in(dlopen("./libdeep.so", RTLD_LAZY | RTLD_LOCAL | RTLD_DEEPBIND), number) +
	       ask_in(dlmopen(LM_ID_NEWLM, "./d/libtwin.so", RTLD_NOW), number);
}

#endif

#ifdef PROGRAM
int main(void)
{
	printf("%d %d\n", all(1), which(5));
	printf("%d\n", all(2));
	return 0;
}
#endif
