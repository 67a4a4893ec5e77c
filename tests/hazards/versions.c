// SPDX-License-Identifier: Apache-2.0
/*
 * Row: symbol versions: two versions of one function in one library; who was linked with the older one keeps it, and
 * dlvsym finds either.
 *
 * rules:
 *   [pipeline]
 *   all = int all(int number)
 *   [tool]
 *   answer = int answer(int number)
 * spans:
 *   2 trace all -
 *   14 tool:answer (all) -
 * check: (SELECT group_concat(r) = '101,102,201,202' FROM (SELECT DISTINCT json_extract(output_data, '$.result') AS r FROM pipeline_spans ORDER BY r))
 * only: lib
 * build: printf 'V1 { global: answer; };\nV2 { } V1;\n' >map; printf 'V1 { global: answer; local: *; };\n' >older_map
 * build: $CC $PIC -shared -DOLDER -o libanswer_older.so $SRC -fuse-ld=bfd -Wl,--version-script=older_map -Wl,-soname,libanswer.so
 * build: $CC $PIC -shared -DBOTH -o libanswer.so $SRC -fuse-ld=bfd -Wl,--version-script=map -Wl,-soname,libanswer.so
 * build: $CC $PIC -shared -DFIRST -o libfirst.so $SRC libanswer_older.so
 * build: $CC $PIE -DPROGRAM -o program $SRC $LINK_PIE -lfirst -lanswer
 */
#include <dlfcn.h>
#include <stdio.h>

#include "hazard.h"

int all(int number);
int answer(int number);
int first(int number);

#ifdef OLDER
int answer(int number)
{
	return number;
}
#endif

#ifdef BOTH
TRACED int answer_1(int number)
{
	BARRIER();
	return number + 100;
}

TRACED int answer_2(int number)
{
	BARRIER();
	return number + 200;
}

__asm__(".symver answer_1, answer@V1");
__asm__(".symver answer_2, answer@@V2");
#endif

#ifdef FIRST
int first(int number)
{
	return answer(number);
}

TRACED int all(int number)
{
	extern int second(int number);

	return first(number) * 1000 + second(number);
}
#endif

#ifdef PROGRAM
int second(int number);
int second(int number)
{
	int (*oldest)(int) = dlvsym(RTLD_DEFAULT, "answer", "V1");
	int (*newest)(int) = dlvsym(RTLD_DEFAULT, "answer", "V2");
	int (*plain)(int) = dlsym(RTLD_DEFAULT, "answer");

	printf("%d %d %d\n", oldest(number), newest(number), plain(number));
	printf("%d\n", plain(number) == newest(number) ? 0 : 1);
	return answer(number);
}

int main(void)
{
	printf("%d\n", all(1));
	printf("%d\n", all(2));
	return 0;
}
#endif
