#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# `traceshim check`: what became of each rule, and why nothing did.

bats_require_minimum_version 1.5.0
load helper

export BATS_TEST_TIMEOUT=600

setup() {
	scratch
	traceshim=$root/build/traceshim
	cc="${CC:-cc} -g -O2 -w -fPIC"
}

# library SOURCE [OPTION...]: libpart.so, and ./main, which calls its part_run
library() {
	printf '%s\n' "$1" >part.c
	shift
	$cc "$@" -shared -Wl,-soname,libpart.so -o libpart.so part.c
	echo 'int part_run(int n); int main(int argc, char **argv) { return part_run(argc); }' >main.c
	$cc -o main main.c -L. -lpart -Wl,-rpath,"$PWD"
}

# checked FILTER: of the first rule, or of what FILTER names
checked() { "$traceshim" check --json -- ./main | jq -r "$1"; }

hint() { checked '.rules[0].hints[0]'; }

@test "a glob is shown as it was written, with how many functions it wraps" {
	library "$(printf 'int part_%d(int n) { return n + %d; }\n' {1..12}{,})
		int part_run(int n) { return n; }" -Wl,--no-as-needed
	{ printf 'int part_%d(int);\n' {1..12}; echo 'int part_run(int n); int main(int c, char **v) { return part_run(c)'
	printf ' + part_%d(c)' {1..12}; echo '; }'; } >main.c
	$cc -o main main.c -L. -lpart -Wl,-rpath,"$PWD"
	rules '[tool]' 'find* = part_*' 'gone* = nothing_*'
	run -0 --separate-stderr "$traceshim" check -- ./main
	[[ $output == *$'\ntool:find* = part_*  (line 2)\n'* ]]
	[[ $output == *$'\n    wraps   13 functions\n'* ]]
	[ "$(grep -c '^    in ' <<<"$output")" -eq 8 ]
	[[ $output == *$'\n    and     5 more; --json lists them\n'* ]]
	[ "$(checked '.rules[0] | "\(.name) \(.hooks | length)"')" = 'find* 13' ]
	[ "$(checked '.rules[1].hints | tostring')" = '["no function of a loaded object is called so"]' ]
	rules '[tool]' 'find* = prat_*'
	[ "$(checked '.rules[0].hints[1]')" = 'did you mean part_*?' ]
}

@test "functions whose calls are not all seen are counted to the end" {
	{
		for i in {1..12}; do
			echo "__asm__(\".globl part_$i\n.type part_$i,@function\npart_$i: ret\n.size part_$i,.-part_$i\");"
			echo "void part_$i(void); void calls_$i(void) { part_$i(); part_$i(); }"
		done
	} >part.c
	library "$(cat part.c) int part_run(int n) { return n; }" -Wl,-Bsymbolic
	{ printf 'void part_%d(void);\n' {1..12}; echo 'int main(void) {'; printf 'part_%d();\n' {1..12}; echo '}'; } >main.c
	$cc -o main main.c -L. -lpart -Wl,-rpath,"$PWD"
	rules '[tool]' 'all* = part_*@libpart.so'
	run -0 "$traceshim" check -- ./main
	[ "$(grep -c '^    unseen ' <<<"$output")" -eq 8 ]
	n=$(checked '.rules[0].unseen | length')
	[ "$n" -gt 8 ]
	[ "$(sed -n '/^    unseen /,$p' <<<"$output" | grep '^    and ')" = "    and     $((n - 8)) more; --json lists them" ]
}

@test "an object that is not loaded is said to be none, and the one that may be meant" {
	library 'int part_run(int n) { return n; }'
	rules '[tool]' 'all* = *@libpar.so' 'run = part_run@libpar.so'
	for rule in 0 1; do
		[ "$(checked ".rules[$rule].object")" = libpar.so ]
		[ "$(checked ".rules[$rule].hints | tostring")" = '["did you mean the object libpart.so?"]' ]
	done
	[ "$(checked '.rules[0].misses[0]')" = \
		'no loaded object is named libpar.so, the program is main; it may be loaded later (dlopen)' ]
	run -0 "$traceshim" check -- ./main
	[[ $output == *$'\ntool:all* = *@libpar.so  (line 2)\n'* ]]
	# of an object that is loaded its own functions are counted, and no others
	rules '[tool]' 'none = int part_run(int n)' 'all* = part_*@libpart.so'
	[ "$(checked '.rules[1].hints | tostring')" = \
		'["1 function is called so; none is reached or left by the rules before"]' ]
}

@test "a name that is nearly right is offered the right one" {
	library 'int part_run(int n) { return n; }'
	rules '[tool]' 'part = int part_rum(int n)'
	run -0 "$traceshim" check -- ./main
	[[ $output == *$'\n    hint    did you mean part_run?'* ]]
	rules '[tool]' 'part = zzz_qqq_xxx'
	[ "$(hint)" = null ]
}

@test "a function that was inlined everywhere is said to be" {
	library 'static int twice(int n) { static volatile int calls; calls++; return 2 * n; }
		int part_run(int n) { return twice(n) + twice(n + 1); }'
	rules '[tool]' 'twice = twice'
	[ "$(hint)" = 'inlined everywhere in libpart.so: no function is left to wrap' ]
	[[ $("$traceshim" check -- ./main | tail -n 2 | tr '\n' ' ') == "What was inlined is not called, and not seen: "* ]]
	[ "$(checked '.rules[0].misses | length')" = 1 ]
	# without debug information nobody knows
	strip -g libpart.so
	[[ $(hint) != *inlined* ]]
}

@test "calls that were inlined are named as unseen" {
	library 'int part_run(int n) { static volatile int calls; calls++; return 3 * n + 1; }
		int part_both(int n) { return part_run(n) + part_run(n * 2); }' -fno-semantic-interposition
	rules '[tool]' 'part = int part_run(int n)'
	run -0 "$traceshim" check -- ./main
	[[ $(tr -s ' \n' ' ' <<<"$output") == *" unseen part_run in "*"libpart.so: inlined in 2 places "*"build the program with -fno-inline. "* ]]
	[ "$(checked '.rules[0].unseen[0] | "\(.function) \(.object) \(.reason)"')" = \
		"part_run $PWD/libpart.so inlined in 2 places" ]
	[[ $(checked '.rules[0].hooks[0].how') =~ ^(slots|entry)$ ]]
}

@test "a function that another rule or object has is told so" {
	library 'static __attribute__((noipa)) int hidden(int n) { return n * 3 + 1; }
		int part_run(int n) { return hidden(n) + hidden(n + 1); }'
	rules '[tool]' 'other = hidden@nosuch.so'
	[[ $(hint) == 'libpart.so has a function of this name, but the rule means another'* ]]
	[ "$(checked '.rules[0].misses[0]')" = \
		'no loaded object is named nosuch.so, the program is main; it may be loaded later (dlopen)' ]
	rules '[tool]' 'other = part_run@nosuch.so'
	[[ $(checked '.rules[0].misses[0]') == *'/libpart.so defines it, which is not nosuch.so' ]]
	[ "$(checked '.rules[0].hints | length')" = 0 ]
	rules '[tool]' 'first = part_run' 'rest = int part_run(int n)'
	[[ $(checked '.rules[1] | .misses[0] // .fault // "-"') == *'belongs to the rule first of line 2' ]]
	rules '[tool]' 'first = hidden' 'rest = int hidden(int n)' 'all* = hid*'
	for rule in 1 2; do
		[[ $(checked ".rules[$rule].misses[0]") == "hidden in $PWD/libpart.so belongs to the rule first of line 2" ]]
	done
	rules '[tool]' '' 'same = part_run' 'same = part_run'
	[[ $(checked '.rules[1].misses[0]') == *'belongs to the rule same of line 3' ]]
}

@test "a prototype that is not the function's is told, with the one that is" {
	library 'struct pair { int a, b; };
		enum colour { red };
		typedef unsigned short small;
		int part_run(int n) { return n; }
		double part_all(long id, const char *text, const int len, struct pair *pair, double x, float y, enum colour c,
			small s, long i, char last, const unsigned char *raw, void *any) { return id + len + x; }
		void part_none(void) {}
		int part_by_value(long id, struct pair pair, const char *text) { return text[0]; }
		int part_more(const char *format, ...) { return format[0]; }' -Wl,--no-as-needed
	cat >main.c <<-'END'
		int part_run(), part_by_value(), part_more();
		double part_all();
		void part_none();
		void *all[] = {part_run, part_by_value, part_more, part_all, part_none};
		int main(int argc, char **argv) { return part_run(argc); }
	END
	$cc -o main main.c -L. -lpart -Wl,-rpath,"$PWD"
	local all='double part_all(long id, const char *text, int len, struct pair *pair, double x, float y, enum colour c, unsigned short s, long i, char last, const unsigned char *raw, void *any)'
	one() { rules '[tool]' "f = $1"; hint; }
	# what is right, however it is spelt, and whatever is not recorded or not known
	for right in "$all" "${all/long id/size_t telegram_id}" "${all/const char \*text/char blob[len]}" \
		"${all/struct pair \*pair/long pair}" "${all/long id/void *}" 'double part_all(long id)' part_all 'part_*' \
		'void part_none(void)' 'int part_by_value(long id, long pair, int text)' \
		'int part_more(const char *format, int n, const char *text)'; do
		[ "$(one "$right")" = null ] || { echo "$right"; one "$right"; false; }
		[ "$(checked '.faults | length')" = 0 ]
	done
	[ "$(one 'int part_run(const char *n)')" = 'by its debug information it is int part_run(int n)' ]
	for wrong in "${all/long id/int id}" "${all/const char \*text/long text}" "${all/double x, float y/float y, double x}" \
		"${all/struct pair \*pair, /}" "${all/long i, char/char i, char}" "${all/double/int}" "${all/int len/bool len}" \
		"${all/)/, int more)}" "${all/struct pair \*/const char *}" "${all/enum colour c/double c}"; do
		[ "$(one "$wrong")" = "by its debug information it is $all" ] || { echo "$wrong"; one "$wrong"; false; }
		[ "$(checked '.faults | length')" = 0 ]
	done
	[ "$(one 'int part_none(void)')" = 'by its debug information it is void part_none(void)' ]
	[ "$(one 'char *part_run(int n)')" = 'by its debug information it is int part_run(int n)' ]
	[ "$(one 'int part_run(int n, long more)')" = 'by its debug information it is int part_run(int n)' ]
	[ "$(one 'int part_more(long format)')" = 'by its debug information it is int part_more(const char *format, ...)' ]
	# and it is no fault
	run -0 "$traceshim" check -- ./main
	strip -g libpart.so
	[ "$(one 'int part_run(const char *n)')" = null ]
}

@test "static functions, copies, data and stripped symbols are told apart" {
	source='static __attribute__((noipa)) int hidden(int n) { return n + 1; }
		static __attribute__((noinline)) int kept(int n, int by) { int i, s = 0; for (i = 0; i < n; i++) s += i * by; return s; }
		static int number = 7;
		int part_run(int n) { return hidden(n) + kept(n, 7) + kept(n + 1, 7) + number++; }'
	library "$source"
	rules '[tool]' 'hidden = hidden'
	[ "$(checked '.rules[0].hooks[0].how')" = entry ]
	rules '[tool]' 'kept = kept'
	[[ $(checked '.rules[0] | .hints[0] // .hooks[0].how') =~ ^("in libpart.so the compiler left only a changed copy of it, kept.".*|entry)$ ]]
	rules '[tool]' 'number = number'
	[[ $(checked '.rules[0] | .misses[0] + .hints[0]') == *'it is data, not a function' ]]
	objcopy --only-keep-debug libpart.so libpart.debug
	strip libpart.so
	rules '[tool]' 'hidden = hidden'
	[[ $(hint) != *libpart* ]]
	objcopy --add-gnu-debuglink=libpart.debug libpart.so
	[ "$(hint)" = 'libpart.so defines it, but the symbol was stripped from the file' ]
	mkdir -p debug
	mv libpart.debug debug/
	[[ $(hint) != *libpart* ]]
	run -0 "$traceshim" check --debug-dir "$PWD/debug" -- ./main
	[[ $output == *"the symbol was stripped"* ]]
}

@test "of a script behind env the interpreter is checked" {
	printf '#!/usr/bin/env perl\n' >script
	chmod +x script
	rules '[tool]' 'env = getenv'
	run -0 "$traceshim" check --json -- ./script
	[ "$(jq -r .program <<<"$output")" = "$(realpath "$(command -v perl)")" ]
}

@test "the JSON document keeps its contract" {
	library 'int part_run(int n) { return n; }'
	rules '[tool]' 'part = int part_run(int n)'
	[ "$(checked keys_unsorted\|tojson)" = '["conf","program","faults","settings","rules","wire","process"]' ]
	[ "$(checked '.rules[0] | keys_unsorted | tojson')" = \
		'["line","kind","name","function","object","language","parameters","hooks","unseen","misses","hints"]' ]
	[ "$(checked '.rules[0].hooks[0] | keys_unsorted | tojson')" = \
		'["function","object","address","how","slots","line","type"]' ]
}
