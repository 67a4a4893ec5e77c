#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# `traceshim symbols`: a program's functions as rules, and what becomes of the rules.

bats_require_minimum_version 1.5.0
load helper

export BATS_TEST_TIMEOUT=600

setup() {
	scratch
	traceshim=$root/build/traceshim
	cc="${CC:-cc} -g -O2 -w -fPIC"
}

# --- helpers -----------------------------------------------------------------------------------------

# listed NAME [FILTER]: of functions.json, what FILTER says of the function NAME
listed() {
	jq -r --arg name "$1" "[.objects[].functions[] | select(.name == \$name)][0] | ${2:-.rule}" functions.json
}

# list PROGRAM [GLOB]
list() { "$traceshim" symbols --json "$@" >functions.json; }

is_rule() { # is_rule NAME RULE [NOTE]
	[ "$(listed "$1")" = "$2" ] && [[ $(listed "$1" '.note // ""') == "${3-}" ]] || {
		echo "$1: $(listed "$1" '"\(.rule)  # \(.note)"')"
		return 1
	}
}

# A library of its own, and a program that calls it. $1: C source of the library
small() {
	printf '%s\n' '#include <stddef.h>' "$1" >part.c
	# shellcheck disable=SC2086
	$cc -shared -Wl,-soname,libpart.so -o libpart.so part.c
	cat >main.c <<-EOF
	int part_run(const char *text, long n);
	int main(int argc, char **argv) { return part_run(argv[0], argc); }
	EOF
	$cc -o main main.c -L. -lpart -Wl,-rpath,"$PWD"
}

part='int part_run(const char *text, long n); int part_run(const char *text, long n) { return text[0] + (int)n; }'

# --- lines -------------------------------------------------------------------------------------------

@test "every line printed for the coach is a rule that finds its function" {
	{ echo '[tool]'; "$traceshim" symbols "$bots/coach/coach"; } >"$TRACESHIM_CONF"
	n=$(grep -c ' = ' "$TRACESHIM_CONF")
	[ "$n" -ge 25 ]
	"$traceshim" check --json -- "$bots/coach/coach" >check.json
	jq -e '.faults == [] and (.rules | length) == '"$n"' and all(.rules[]; .hooks | length > 0)' check.json
}

@test "the rule of every C function is one, whether it is reached or not" {
	for program in "$bots/coach/coach" "$bots/types/types" "$bots/ends/ends" "$bots/threads/threads"; do
		list "$program"
		{ echo '[tool]'; jq -r '.objects[].functions[] | "\(.key) = \(.rule)"' functions.json; } >"$TRACESHIM_CONF"
		[ "$(wc -l <"$TRACESHIM_CONF")" -ge 4 ]
		"$traceshim" check --json | jq -e '.faults == []'
	done
}

@test "prototypes are those of the source" {
	list "$bots/coach/coach"
	is_rule handle_learn 'int handle_learn(long telegram_id, long user_id, const char *text)'
	is_rule plan_session 'int plan_session(long telegram_id, int level, double intensity, const char *goal, bool indoor, char grade, short weeks, unsigned minutes, float temperature, const char *note)'
	is_rule is_polite 'bool is_polite(const char *text)'
	is_rule store_fact 'long store_fact(long user_id, const char *fact, size_t len)'
	is_rule claude_complete 'char *claude_complete(const char *model, const char *prompt)'
	is_rule journal_place journal_place 'it returns a struct place by value'
}

@test "types that only the program knows are written as what they are" {
	small "$part"'
		#include <stdarg.h>
		#include <stdint.h>
		enum colour { RED, BLUE };
		typedef enum { SMALL, LARGE } size;
		typedef enum __attribute__((packed)) { ONE } tiny;
		typedef long money; typedef money price; typedef unsigned char byte; typedef char letter;
		typedef const letter *text; typedef void (*callback)(int); typedef struct node *node;
		struct point { int x, y; }; union number { int i; double d; };
		typedef int vector __attribute__((vector_size(16)));
		typedef uint16_t port; typedef _Bool flag;
		int enums(enum colour a, size b, tiny c) { return (int)a + (int)b + (int)c; }
		price numbers(money a, byte b, port c, flag d, size_t e) { return a + b + c + d + (long)e; }
		text strings(text a, letter *b, const letter *const c, letter **d) { return a[0] ? a : b ? b : c ? c : *d; }
		int pointers(callback a, node b, struct point *c, const union number *d, int (*e)[3], int f[], void *const g,
			struct unknown *h) { return a && b && c && d && e && f && g && h; }
		int in_front(struct point a) { return a.x; }
		void nothing(union number a) { (void)a; }
		int behind(int a, struct point b, int c) { return a + b.x + c; }
		struct point whole(int a) { return (struct point){a, a}; }
		vector vectors(vector a) { return a; }
		long double wide(long double a, __int128 b, _Complex double c) { return a + (long)b + (long)c; }
		int many(const char *format, ...) { return format[0]; }
		int listed(const char *format, va_list args) { return format[0] + va_arg(args, int); }
		int old(a, b) float a; int b; { return (int)a + b; }
		int old_too(a, b) char *a; int b; { return a[b]; }
		int words(int complex, const char *string, volatile int *const uint) { return complex + string[0] + *uint; }
	'
	list ./main '*@libpart.so'
	is_rule enums 'int enums(enum colour a, unsigned b, uint8_t c)'
	is_rule numbers 'long numbers(long a, unsigned char b, uint16_t c, bool d, size_t e)'
	is_rule strings 'const char *strings(const char *a, char *b, const char *c, char **d)'
	is_rule pointers 'int pointers(void *a, struct node *b, struct point *c, const union number *d, void *e, int *f, void *g, struct unknown *h)'
	is_rule in_front 'int in_front()' 'up to a, a struct point by value'
	is_rule nothing nothing 'it takes a union number by value'
	is_rule behind 'int behind(int a)' 'up to b, a struct point by value'
	is_rule whole whole 'it returns a struct point by value'
	is_rule vectors vectors 'it returns a type vector by value'
	is_rule wide 'long double wide(long double a, __int128 b, _Complex double c)'
	is_rule many 'int many(const char *format, ...)'
	is_rule listed 'int listed(const char *format, struct __va_list_tag *args)'
	is_rule old old 'old-style parameters'
	is_rule old_too 'int old_too(char *a, int b)'
	is_rule words 'int words(int, const char *string, int *uint)'
	{ echo '[tool]'; jq -r '.objects[].functions[] | "\(.key) = \(.rule)"' functions.json; } >"$TRACESHIM_CONF"
	"$traceshim" check --json | jq -e '.faults == [] and (.rules | length) == 16'
}

@test "a person sees objects, rules with comments, and what is out of reach" {
	small "$part"' static int twice(int n) { return 2 * n; } int unused(int n) { return twice(n); }'
	run -0 --separate-stderr "$traceshim" symbols ./main
	[ -z "$stderr" ]
	[[ $output == "# Paste what counts under [pipeline]"* ]]
	[[ $output == *$'\n# main (main): 1 function\n'* ]]
	[[ $output == *$'\n# libpart.so (libpart.so): 3 functions\n'* ]]
	grep -Eq '^part_run = int part_run\(const char \*text, long n\)  # (slots|entry)' <<<"$output"
	[[ $output == *$'\n# not reachable: twice (inlined everywhere)'* ]]
	[ "$(grep '^#' <<<"$output" | wc -L)" -le 80 ]
}

# --- which functions ---------------------------------------------------------------------------------

@test "what the compiler and the system add is left out" {
	list "$bots/coach/coach"
	! jq -r '.objects[].functions[].name' functions.json | grep -E '^_|\.|tm_clones|frame_dummy'
	! jq -r '.objects[].object' functions.json | grep -E '^(/usr)?/lib'
}

@test "a glob is compared with names, names with their object, and C++ names, in all objects" {
	run -0 "$traceshim" symbols "$bots/coach/coach" 'handle_su?port'
	[ "$(grep -c ' = ' <<<"$output")" -eq 1 ]
	list "$bots/coach/coach" 'getenv'
	jq -e '[.objects[].object | test("/libc.so.6$")] == [true]' functions.json
	list "$bots/coach/coach" '*run@libagents*'
	[ "$(jq -r '[.objects[].functions[].name] | join(" ")' functions.json)" = 'memory_run strategist_run trainer_run' ]
	list "$bots/throws/throws" '*::call_always*'
	[[ $(jq -r '[.objects[].functions[].demangled] | join(" ")' functions.json) == *'::call_always' ]]
}

@test "of a changed copy there is no prototype" {
	small "$part"'
		static __attribute__((noinline)) int kept(int n, int by) { int i, s = 0; for (i = 0; i < n; i++) s += i * by; return s; }
		int both(int n) { return kept(n, 7) + kept(n + 1, 7); }'
	list ./main kept
	[ "$(listed kept '.rule')" = kept ]
	[ "$(listed kept '.reason // .note')" = 'only a changed copy is left' ]
}

@test "the types of what chooses a function are not the function's" {
	small "$part"'
		static int quick(const char *text) { return text[0]; }
		static void *choose(void) { return quick; }
		int chosen(const char *text) __attribute__((ifunc("choose")));'
	list ./main chosen
	is_rule chosen chosen 'chosen when the program starts'
}

@test "where no function matches, the nearest names are offered" {
	run -1 --separate-stderr "$traceshim" symbols "$bots/coach/coach" handle_lern
	[ -z "$output" ]
	[[ $stderr == "traceshim: no function is named handle_lern (did you mean handle_learn"* ]]
	run -1 --separate-stderr "$traceshim" symbols --json "$bots/coach/coach" nothing_like_this_at_all
	[ "$(jq -c .objects <<<"$output")" = '[]' ]
	[ "$stderr" = "traceshim: no function is named nothing_like_this_at_all" ]
}

@test "a name that several objects have is written with its object" {
	echo 'int helper(int n); int helper(int n) { return n + 1; } int other_run(int n); int other_run(int n) { return helper(n); }' >other.c
	$cc -shared -Wl,-soname,libother.so -o libother.so other.c
	small "$part"' int helper(const char *t); int helper(const char *t) { return t[0]; } int both(void); int both(void) { return helper("x"); }'
	$cc -o main main.c -L. -lpart -Wl,--no-as-needed -lother -Wl,-rpath,"$PWD"
	list ./main
	[ "$(jq -r '[.objects[].functions[] | select(.name == "helper").rule] | sort | join("\n")' functions.json)" = \
		$'int helper@libother.so(int n)\nint helper@libpart.so(const char *t)' ]
	is_rule part_run 'int part_run(const char *text, long n)'
	{ echo '[tool]'; "$traceshim" symbols ./main; } >"$TRACESHIM_CONF"
	"$traceshim" check --json -- ./main | jq -e '.faults == []'
}

@test "two names of one function are told as that, whatever their length" {
	long=$(printf 'part_of_a_long_name_%.0s' {1..15})
	small "$part
		__attribute__((visibility(\"hidden\"), noipa)) int ${long}one(int n) { return n * 3 + 1; }
		extern __typeof(${long}one) ${long}two __attribute__((alias(\"${long}one\"), visibility(\"hidden\")));
		int part_both(int n) { return ${long}one(n) + ${long}two(n); }"
	list ./main
	[ "$(listed "${long}two" .reason)" = "the same code as ${long}one: a rule for one of them is for both" ]
	run -0 "$traceshim" symbols ./main
	[[ $output != *'in line'* ]]
	rules '[tool]' "a = ${long}one" "b = ${long}two"
	[[ $("$traceshim" check --json -- ./main | jq -r '.rules[1].misses[0]') == \
		*" cannot be patched: the rule in line 2 names the same code as ${long}one" ]]
}

@test "functions of one name and different types make no prototype" {
	small "$part"' static __attribute__((noipa)) int same(int n) { return n; } int a(int n); int a(int n) { return same(n); }'
	echo 'static __attribute__((noipa)) int same(const char *t) { return t[0]; } int b(const char *t); int b(const char *t) { return same(t); }' >second.c
	$cc -shared -Wl,-soname,libpart.so -o libpart.so part.c second.c
	list ./main 'same'
	is_rule same same '2 functions of this name, which may differ'
}

# --- where debug information is ------------------------------------------------------------------------

@test "without debug information a line has the bare name" {
	small "$part"
	strip -g libpart.so
	list ./main part_run
	is_rule part_run part_run 'no debug information'
	[ "$(listed part_run .times_only)" = true ]
	run -0 "$traceshim" symbols ./main part_run
	[[ $output == *'libpart.so): 1 function; no debug information'* ]]
	[[ $output == *$'\npart_run = part_run  # '*'; times only' ]]
	COLUMNS=80 "$traceshim" symbols ./main part_run >lines
	[ -z "$(awk 'length > 80 && !/[(]/' lines)" ]
}

@test "debug information is found beside the file by its link, and by build id in a folder that is named" {
	small "$part"
	$cc -shared -Wl,--build-id=sha1 -Wl,-soname,libpart.so -o libpart.so part.c
	objcopy --only-keep-debug libpart.so libpart.debug
	strip libpart.so
	list ./main part_run
	is_rule part_run part_run 'no debug information'
	id=$(readelf -n libpart.so | sed -n 's/.*Build ID: //p')
	mkdir -p debug/.build-id/"${id:0:2}"
	cp libpart.debug debug/.build-id/"${id:0:2}/${id:2}.debug"
	list --debug-dir "$PWD/debug" ./main part_run
	is_rule part_run 'int part_run(const char *text, long n)'
	objcopy --add-gnu-debuglink=libpart.debug libpart.so
	list ./main part_run
	is_rule part_run 'int part_run(const char *text, long n)'
	# a file of that name that belongs to something else does not count
	echo 'int other;' >other.c && $cc -c -o other.o other.c && objcopy --only-keep-debug other.o libpart.debug
	list ./main part_run
	is_rule part_run part_run 'no debug information'
}

@test "link-time optimisation, split units and other formats of DWARF" {
	for how in '-flto' '-gdwarf-4' '-gdwarf-5 -gz' '-gsplit-dwarf' '-gdwarf-4 -fdebug-types-section' '-O0' '-O3 -freorder-blocks-and-partition'; do
		small "$part"
		$cc $how -shared -Wl,-soname,libpart.so -o libpart.so part.c
		list ./main part_run
		is_rule part_run 'int part_run(const char *text, long n)'
	done
	if command -v clang; then
		clang -g -O2 -fPIC -shared -o libpart.so part.c
		list ./main part_run
		is_rule part_run 'int part_run(const char *text, long n)'
	fi
}

@test "a library whose file is gone is named" {
	small "$part"
	cat >guest.c <<-EOF
	#include <dlfcn.h>
	#include <unistd.h>
	static __attribute__((constructor)) void start(void)
	{
		if (!link("spare.so", "gone.so"))
			dlopen("./gone.so", RTLD_NOW);
		unlink("gone.so");
	}
	EOF
	$cc -shared -o spare.so part.c
	$cc -shared -o libguest.so guest.c
	$cc -o main main.c -L. -lpart -Wl,--no-as-needed -lguest -Wl,-rpath,"$PWD"
	run -0 "$traceshim" symbols ./main
	[[ $output == *$'\n# gone.so cannot be read: '*"No such file"* ]]
	list ./main
	jq -e 'any(.objects[]; (.object | endswith("gone.so")) and .error != null and .functions == [])' functions.json
}

# --- C++ -----------------------------------------------------------------------------------------------

@test "C++ functions have their namespaces, classes and references" {
	cat >bot.cc <<-EOF
	#include <string>
	namespace bot {
	enum class Level { low, high };
	struct Point { int x, y; };
	template <class T> struct Box { T t; T __attribute__((noinline)) get(T n) { return t + n; } };
	class Memory {
	public:
		explicit Memory(int n);
		~Memory();
		std::string run(const std::string &query, Point *p);
		static long count(Level level, size_t n);
		int spot(Point p) const;
		int n;
	};
	Memory::Memory(int k) : n(k) {}
	Memory::~Memory() { n = 0; }
	std::string Memory::run(const std::string &query, Point *p) { return query + std::to_string(p->x); }
	long Memory::count(Level level, size_t n) { return (long)level + (long)n; }
	int Memory::spot(Point p) const { return p.x + n; }
	}
	extern "C" int plain(const char *text, bot::Memory *m, const char &c) { return text[0] + m->n + c; }
	int use(int n) { bot::Box<int> box{n}; return box.get(n); }
	EOF
	"${CXX:-c++}" -g -O1 -shared -fPIC -o libbot.so bot.cc
	small "$part"
	$cc -o main main.c -L. -lpart -Wl,--no-as-needed -lbot -Wl,-rpath,"$PWD"
	list ./main
	rule() { jq -r --arg name "$1" '[.objects[].functions[] | select(.demangled == $name)][0] | "\(.key) = \(.rule)"' functions.json; }
	[ "$(rule bot::Memory::run)" = 'Memory.run = std::string bot::Memory::run(this, const std::string &query, bot::Point *p)' ]
	[ "$(rule bot::Memory::count)" = 'Memory.count = long bot::Memory::count(enum bot::Level level, size_t n)' ]
	[ "$(rule bot::Memory::Memory)" = 'Memory.Memory = void bot::Memory::Memory(this, int k)' ]
	[ "$(rule bot::Memory::~Memory)" = 'Memory.-Memory = void bot::Memory::~Memory(this)' ]
	[[ $(rule bot::Memory::spot) == 'Memory.spot = _ZN'* ]]
	[ "$(rule 'bot::Box<int>::get')" = 'Box.get = int bot::Box<int>::get(this, int n)' ]
	is_rule plain 'int plain(const char *text, void *m, void *c)'
	# what the headers of the system brought is nobody's own
	! jq -r '.objects[].functions[].demangled' functions.json | grep '^std::'
}

# --- programs ------------------------------------------------------------------------------------------

@test "operators are rules, and what a constructor was made into is listed once" {
	cat >bot.cc <<-'EOF'
	#define OUT __attribute__((noipa))
	namespace bot {
	struct Memory {
		int n;
		OUT Memory(int m) : n(m * 3) {}
		OUT int operator()(int a) { return n + a; }
		OUT bool operator==(const Memory &other) const { return n == other.n; }
		OUT int operator[](int a) const { return n * a; }
	};
	}
	int main(int argc, char **) {
		bot::Memory one(argc), two(argc + 1);
		return one(2) + (one == two) + one[3];
	}
	EOF
	g++ -g -O1 -o main bot.cc
	run -0 --separate-stderr "$traceshim" symbols ./main 'bot::*'
	[[ $output == *' = int bot::Memory::operator()(this, int a) '* ]]
	[[ $output == *' = bool bot::Memory::operator==(this, const bot::Memory &other) '* ]]
	[[ $output == *' = int bot::Memory::operator[](this, int a) '* ]]
	[[ $output == *' = void bot::Memory::Memory(this, int m) '* ]]
	[[ $output != *'not reachable'* ]]
	{ echo '[tool]'; grep ' = ' <<<"$output"; } >"$TRACESHIM_CONF"
	"$traceshim" check --json -- ./main | jq -e '.faults == [] and (.rules | length) == 4 and all(.rules[]; .hooks != [])'
}

@test "of a script its interpreter is meant, also behind env" {
	printf '#!/usr/bin/env perl\n' >script
	chmod +x script
	list ./script 'strlen'
	[ "$(jq -r .program functions.json)" = "$(command -v perl)" ]
	run -1 --separate-stderr "$traceshim" symbols busybox
	[[ $stderr == "traceshim: nothing can be traced: busybox is statically linked"* ]]
	run -1 --separate-stderr "$traceshim" symbols ./nothing
	[ "$stderr" = "traceshim: ./nothing: not found" ]
	run -2 --separate-stderr "$traceshim" symbols
	[[ $stderr == *"whose symbols?"* ]]
}

@test "on a terminal a line tells that it reads, where that takes more than a second" {
	local child
	printf '#include <unistd.h>\n__attribute__((constructor)) static void slow(void) { while (access("%s", 0)) usleep(10000); }\nvoid part(void) {}\n' \
		"$work/go" >slow.c
	cc -shared -fPIC -o libslow.so slow.c
	echo 'void part(void); int main(void) { part(); return 0; }' >main.c
	cc -o main main.c -L. -lslow -Wl,-rpath,"$PWD"
	script -qefc "stty cols 80; '$traceshim' symbols ./main" "$work/typescript" </dev/null >/dev/null 3>&- &
	child=$!
	soon grep -q 'reading functions' "$work/typescript"
	: >go
	wait $child
	grep -q $'\r\e\[K.*Paste' "$work/typescript"
}

@test "the JSON document keeps its contract" {
	list "$bots/coach/coach"
	[ "$(jq -c 'keys_unsorted' functions.json)" = '["program","objects"]' ]
	[ "$(jq -c '.objects[0] | keys_unsorted' functions.json)" = '["object","error","functions"]' ]
	[ "$(jq -c '.objects[0].functions[0] | keys_unsorted' functions.json)" = \
		'["name","demangled","key","rule","times_only","note","how","slots","reason","unseen","address","bytes","exported","type"]' ]
	jq -e 'all(.objects[].functions[]; (.how == null) == (.reason != null))' functions.json
	[[ $(listed trainer_run '"\(.how) \(.exported) \(.bytes > 0)"') =~ ^(slots|entry)\ true\ true$ ]]
}

@test "every function of every object can be asked for at once" {
	run -0 --separate-stderr "$traceshim" symbols --json "$bots/throws/throws" '*'
	[ -z "$stderr" ]
	[ "$(jq '[.objects[].functions[]] | length' <<<"$output")" -ge 3000 ]
}
