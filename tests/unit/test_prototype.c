// SPDX-License-Identifier: Apache-2.0
/* Prototypes: where each argument lies. */

#include "prototype_fixture.h"

/* "n:i4@r0": name, type and bytes, place (r integer, x vector, + stack, st x87), [length of] */
static void render(const struct ts_param *param, char *out, size_t bytes)
{
	static const char types[] = "viubcfdsBSVo";
	char place[16], length[8] = "";

	if (param->where == TS_ON_STACK)
		snprintf(place, sizeof(place), "+%u", param->offset);
	else if (param->where == TS_IN_X87)
		snprintf(place, sizeof(place), "st");
	else
		snprintf(place, sizeof(place), "%c%u", param->where == TS_IN_INTEGER ? 'r' : 'x',
			 param->index);
	if (param->length_of >= 0)
		snprintf(length, sizeof(length), "[%d]", param->length_of);
	snprintf(out, bytes, "%s:%c%u@%s%s", param->name ? param->name : "-", types[param->type],
		 param->bytes, place, length);
}

static const char *render_all(const struct ts_prototype *proto)
{
	static char out[2048];
	size_t n = 0;
	char one[128];

	if (proto->times_only) {
		n = (size_t)snprintf(out, sizeof(out), "%s times", proto->function);
	} else {
		render(&proto->result, one, sizeof(one));
		n = (size_t)snprintf(out, sizeof(out), "%s %s", proto->function, one + 2);
	}
	if (proto->object)
		n += (size_t)snprintf(out + n, sizeof(out) - n, " in %s", proto->object);
	for (int i = 0; i < proto->n_params; i++) {
		render(&proto->params[i], one, sizeof(one));
		n += (size_t)snprintf(out + n, sizeof(out) - n, " %s", one);
	}
	return out;
}

/* --- what is right --------------------------------------------------------------------------- */

static const struct {
	const char *text, *expected;
} good[] = {
	/* the shapes of a rule's function */
	{"handle_learn", "handle_learn times"},
	{"handle_learn;", "handle_learn times"},
	{"handle_learn@bot ;", "handle_learn times in bot"},
	{"  $odd_1  ", "$odd_1 times"},
	{"search_*", "search_* times"},
	{"*", "* times"},
	{"*_r?n*", "*_r?n* times"},
	{"run@libtrainer.so", "run times in libtrainer.so"},
	{"*@bot", "* times in bot"},
	{"python", "python times"},
	{"char *run@libtrainer.so(long id)", "run s8@r0 in libtrainer.so id:i8@r0"},
	{"char *run@lib*.so.1 (long id)", "run s8@r0 in lib*.so.1 id:i8@r0"},
	{"int f()", "f i4@r0"},
	{"int f(void)", "f i4@r0"},
	{"int f ( void ) ;", "f i4@r0"},
	{"void f(void)", "f v0@r0"},
	{"int (f)(int a)", "f i4@r0 a:i4@r0"},
	{"int handle_learn(long telegram_id, long user_id, const char *text)",
	 "handle_learn i4@r0 telegram_id:i8@r0 user_id:i8@r1 text:s8@r2"},
	{"PGresult *PQexec(PGconn *, const char *query)", "PQexec o8@r0 -:o8@r0 query:s8@r1"},

	/* what headers put around it */
	{"extern int f(int a);", "f i4@r0 a:i4@r0"},
	{"extern \"C\" int f(int a)", "f i4@r0 a:i4@r0"},
	{"static inline const char *f(int a)", "f s8@r0 a:i4@r0"},
	{"__attribute__((visibility(\"default\"))) int f(int a)", "f i4@r0 a:i4@r0"},
	{"int f(const char *fmt, ...) __attribute__((format(printf, 1, 2)));", "f i4@r0 fmt:s8@r0"},
	{"extern int puts (const char *__s) __THROW __nonnull ((1)) __wur;",
	 "puts i4@r0 __s:s8@r0"},
	{"int f(int a __attribute__((unused)), int b)", "f i4@r0 a:i4@r0 b:i4@r1"},
	{"int f(const char *restrict a, char *__restrict b, char *const c)",
	 "f i4@r0 a:s8@r0 b:s8@r1 c:s8@r2"},
	{"volatile int f(register int a, volatile const int b)", "f i4@r0 a:i4@r0 b:i4@r1"},

	/* strings and what is none */
	{"char *f(char *a, const char *b, char const *c, const char d[], string e)",
	 "f s8@r0 a:s8@r0 b:s8@r1 c:s8@r2 d:s8@r3 e:s8@r4"},
	{"string f(const string a, char (*b), char (c)[])", "f s8@r0 a:s8@r0 b:s8@r1 c:s8@r2"},
	{"unsigned char *f(unsigned char *a, signed char *b, char **c, void *d, wchar_t *e, char "
	 "*f[])",
	 "f o8@r0 a:o8@r0 b:o8@r1 c:o8@r2 d:o8@r3 e:o8@r4 f:o8@r5"},
	{"int f(char a[16], char b[4][4], char (*c)[16], string *d)",
	 "f i4@r0 a:o8@r0 b:o8@r1 c:o8@r2 d:o8@r3"},
	{"char f(char a, signed char b, unsigned char c)", "f c1@r0 a:c1@r0 b:i1@r1 c:u1@r2"},

	/* bytes with a length, before and after it */
	{"int f(const char text[len], size_t len)", "f i4@r0 text:B8@r0[1] len:u8@r1"},
	{"int f(int n, const char text [ static const n ])", "f i4@r0 n:i4@r0 text:B8@r1[0]"},
	{"int f(const char a[n], const char b[n], short n)",
	 "f i4@r0 a:B8@r0[2] b:B8@r1[2] n:i2@r2"},
	{"int f(const int v[n], int n)", "f i4@r0 v:o8@r0 n:i4@r1"},

	/* other pointers */
	{"int f(struct x *a, union y **b, enum z *c, const void *d, FILE *e, va_list g)",
	 "f i4@r0 a:o8@r0 b:o8@r1 c:o8@r2 d:o8@r3 e:o8@r4 g:o8@r5"},
	{"struct x *f(enum colour c, ...)", "f o8@r0 c:i4@r0"},
	{"enum colour f(int [], int b[3])", "f i4@r0 -:o8@r0 b:o8@r1"},
	{"int f(void (*cb)(int, char *), int a)", "f i4@r0 cb:o8@r0 a:i4@r1"},
	{"int f(void (*)(int (*)(int)), char *(*(*cb)(void))[3], int a)",
	 "f i4@r0 -:o8@r0 cb:o8@r1 a:i4@r2"},
	{"int f(int cb(int), int (int), double (x)[2])", "f i4@r0 cb:o8@r0 -:o8@r1 x:o8@r2"},

	/* numbers */
	{"bool f(_Bool a, float b, double c)", "f b1@r0 a:b1@r0 b:f4@x0 c:d8@x1"},
	{"float f(double)", "f f4@x0 -:d8@x0"},
	{"double f(float)", "f d8@x0 -:f4@x0"},
	{"int f(size_t time_t)", "f i4@r0 time_t:u8@r0"},

	/* C++: a hidden pointer before the arguments, views in two registers or none, objects by address */
	{"std::string bot::Memory::run(this, const std::string &query)",
	 "bot::Memory::run S8@r0 -:o8@r1 query:S8@r2"},
	{"const std::string &bot::Memory::name(this) const", "bot::Memory::name S8@r0 -:o8@r0"},
	{"std::string_view bot::first(std::string_view text, char until)",
	 "bot::first V16@r0 text:V16@r0 until:c1@r2"},
	{"int bot::f(int a, std::string_view b, int c, std::string_view d, std::string_view e, int "
	 "f)",
	 "bot::f i4@r0 a:i4@r0 b:V16@r1 c:i4@r3 d:V16@r4 e:V16@+0 f:i4@+16"},
	{"int bot::f(const std::string_view &a, std::string_view *b, std::string_view &&c)",
	 "bot::f i4@r0 a:V8@r0 b:V8@r1 c:V8@r2"},
	{"int bot::f(std::string a, std::string &&b, std::string *c, std::string **d)",
	 "bot::f i4@r0 a:S8@r0 b:S8@r1 c:S8@r2 d:o8@r3"},
	{"std::vector<int> bot::f(std::vector<std::string> a, std::map<int, long> b, int c)",
	 "bot::f o0@r0 a:o0@r1 b:o0@r2 c:i4@r3"},
	{"void f(int a, int b, int c, int d, int e, int f, std::string g, std::vector<int> h, int "
	 "&i)",
	 "f v0@r0 a:i4@r0 b:i4@r1 c:i4@r2 d:i4@r3 e:i4@r4 f:i4@r5 g:S8@+0 h:o0@+8 i:o8@+16"},
	{"std::size_t bot::f(std::uint8_t a, std::nullptr_t b, enum bot::Kind c, const char *&d)",
	 "bot::f u8@r0 a:u1@r0 b:o8@r1 c:i4@r2 d:o8@r3"},
	{"int bot::map<int, std::string>::get(this, int key)",
	 "bot::map<int,std::string>::get i4@r0 -:o8@r0 key:i4@r1"},
	{"int bot::V::operator()(this, int a)", "bot::V::operator() i4@r0 -:o8@r0 a:i4@r1"},
	{"int bot::V::operator*@libv.so(this)", "bot::V::operator* i4@r0 in libv.so -:o8@r0"},
	{"int bot::V::operator<<(this, int)", "bot::V::operator<< i4@r0 -:o8@r0 -:i4@r1"},
	{"int (anonymous namespace)::f(int a)", "(anonymous namespace)::f i4@r0 a:i4@r0"},
	{"int ::f(bot::Text *, bot::Text const &b)", "f i4@r0 -:o8@r0 b:o8@r1"},
	{"int bot::f(struct bot::Text *a, const class bot::Text &b)",
	 "bot::f i4@r0 a:o8@r0 b:o8@r1"},
	{"extern \"C\" size_t note(const std::string &text)", "note u8@r0 text:S8@r0"},
	{"int bot::f(const std::function<int(int)> &, void (*done)(int, const bot::Text &))",
	 "bot::f i4@r0 -:o8@r0 done:o8@r1"},
	{"int bot::f(this) const noexcept override;", "bot::f i4@r0 -:o8@r0"},
	{"bot::Memory::run", "bot::Memory::run times"},
	{"bot::Memory::run@libbot.so", "bot::Memory::run times in libbot.so"},
	{"::run", "run times"},
	{"bot::Memory::~Memory", "bot::Memory::~Memory times"},
	{"bot :: map < int , char * > :: get", "bot::map<int,char*>::get times"},
	{"bot::*::run*@lib*.so", "bot::*::run* times in lib*.so"},
	{"bot::V::operator*", "bot::V::operator* times"},
	{"bot::V::operator()", "bot::V::operator() times"},
	{"<bot::Memory as bot::Agent>::run", "<bot::Memory as bot::Agent>::run times"},

	/* past the registers */
	{"int f(int a, int b, int c, int d, int e, int g, int h, char i, long j)",
	 "f i4@r0 a:i4@r0 b:i4@r1 c:i4@r2 d:i4@r3 e:i4@r4 g:i4@r5 h:i4@+0 i:c1@+8 j:i8@+16"},
	{"int f(double, double, double, double, double, double, double, double, double i, float j, "
	 "int k)",
	 "f i4@r0 -:d8@x0 -:d8@x1 -:d8@x2 -:d8@x3 -:d8@x4 -:d8@x5 -:d8@x6 -:d8@x7 i:d8@+0 j:f4@+8 "
	 "k:i4@r0"},
	{"int f(long a, double b, long c, float d, char *e, long g, long h, long i, double j, long "
	 "k)",
	 "f i4@r0 a:i8@r0 b:d8@x0 c:i8@r1 d:f4@x1 e:s8@r2 g:i8@r3 h:i8@r4 i:i8@r5 j:d8@x2 k:i8@+0"},

	/* sixteen bytes */
	{"long double f(long double a, int b, long double c)",
	 "f o16@st a:o16@+0 b:i4@r0 c:o16@+16"},
	{"int f(long, long, long, long, long, long, long a, long double b, char *c)",
	 "f i4@r0 -:i8@r0 -:i8@r1 -:i8@r2 -:i8@r3 -:i8@r4 -:i8@r5 a:i8@+0 b:o16@+16 c:s8@+32"},
	{"__int128 f(unsigned __int128 a, int b)", "f o16@r0 a:o16@r0 b:i4@r2"},
	{"int f(long, long, long, long, long, __int128 a, long b, long c, __int128 d)",
	 "f i4@r0 -:i8@r0 -:i8@r1 -:i8@r2 -:i8@r3 -:i8@r4 a:o16@+0 b:i8@r5 c:i8@+16 d:o16@+32"},
	{"__float128 f(_Float128 a, float b)", "f o16@x0 a:o16@x0 b:f4@x1"},
	{"double _Complex f(float _Complex a, _Complex double b, double c)",
	 "f o16@x0 a:o8@x0 b:o16@x1 c:d8@x3"},
	{"int f(double, double, double, double, double, double, double, double complex a, double "
	 "b)",
	 "f i4@r0 -:d8@x0 -:d8@x1 -:d8@x2 -:d8@x3 -:d8@x4 -:d8@x5 -:d8@x6 a:o16@+0 b:d8@x7"},
	{"long double _Complex f(long a, long double complex b, char c)",
	 "f o32@st a:i8@r0 b:o32@+0 c:c1@r1"},
	{"int f(long, long, long, long, long, long, char a, long double complex b, int c)",
	 "f i4@r0 -:i8@r0 -:i8@r1 -:i8@r2 -:i8@r3 -:i8@r4 -:i8@r5 a:c1@+0 b:o32@+16 c:i4@+48"},
};

static void good_prototypes(void **state)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct ts_prototype proto;
		struct ts_fault fault = {.line = 0};
		int r = parse(good[i].text, strlen(good[i].text), *state, &proto, &fault);

		if (r)
			fail_msg("%s\n%u: %s", good[i].text, fault.column, fault.message);
		assert_string_equal(render_all(&proto), good[i].expected);
	}
}

/* Each spelling is a result and, seven times, a parameter: in a register, on the stack. */
static void every_number(void **state)
{
	static const struct {
		const char *expected;  /* type and bytes */
		const char *spellings; /* separated by ',' */
	} numbers[] = {
		{"b1", "bool,_Bool,const bool,bool const"},
		{"c1", "char,const char,char const"},
		{"i1", "signed char,char signed,int8_t,int_least8_t,int_fast8_t,__int8,__s8"},
		{"u1",
		 "unsigned char,char unsigned,uint8_t,u_int8_t,uint_least8_t,uint_fast8_t,u_char,"
		 "uchar,char8_t,cc_t,unsigned __int8,__u8"},
		{"i2", "short,short int,int short,signed short,short signed,signed short int,"
		       "short signed int,int signed short,int16_t,int_least16_t,__int16,__s16"},
		{"u2",
		 "unsigned short,short unsigned,unsigned short int,short unsigned int,"
		 "int unsigned short,uint16_t,u_int16_t,uint_least16_t,u_short,ushort,char16_t,"
		 "in_port_t,sa_family_t,unsigned __int16,__u16"},
		{"i4",
		 "int,signed,signed int,int signed,const int,int const,int32_t,int_least32_t,pid_t,"
		 "wchar_t,key_t,clockid_t,regoff_t,pthread_once_t,sig_atomic_t,__int32,"
		 "__signed__ int,enum colour,const enum colour,__s32"},
		{"u4",
		 "unsigned,unsigned int,int unsigned,unsigned const int,uint32_t,u_int32_t,"
		 "uint_least32_t,uid_t,gid_t,id_t,mode_t,socklen_t,u_int,uint,useconds_t,"
		 "char32_t,wint_t,in_addr_t,pthread_key_t,speed_t,tcflag_t,unsigned __int32,__u32"},
		{"i8",
		 "long,long int,int long,signed long,long signed int,long long,long long int,"
		 "long int long,signed long long,long long signed int,int long signed long,int64_t,"
		 "int_least64_t,int_fast16_t,int_fast32_t,int_fast64_t,intptr_t,intmax_t,"
		 "ptrdiff_t,ssize_t,off_t,off64_t,loff_t,time_t,clock_t,suseconds_t,blkcnt_t,"
		 "blksize_t,register_t,__int64,signed __int64,__s64"},
		{"u8",
		 "unsigned long,long unsigned,unsigned long int,long unsigned int,"
		 "unsigned long long,long long unsigned,long unsigned long,"
		 "long long unsigned int,unsigned long long int,int long unsigned long,uint64_t,"
		 "u_int64_t,uint_least64_t,uint_fast16_t,uint_fast32_t,uint_fast64_t,uintptr_t,"
		 "uintmax_t,size_t,rsize_t,u_long,ulong,dev_t,ino_t,ino64_t,nlink_t,rlim_t,nfds_t,"
		 "pthread_t,fsblkcnt_t,fsfilcnt_t,unsigned __int64,__u64"},
		{"o8",
		 "va_list,__builtin_va_list,__gnuc_va_list,locale_t,iconv_t,timer_t,sighandler_t,"
		 "caddr_t"},
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		char list[1024], *at = list, *spelling;

		snprintf(list, sizeof(list), "%s", numbers[i].spellings);
		while ((spelling = strsep(&at, ","))) {
			struct ts_prototype proto;
			struct ts_fault fault = {.line = 0};
			char text[512], expected[256];
			const char *e = numbers[i].expected, *s = spelling;

			snprintf(text, sizeof(text), "%s f(%s a, %s b, %s, %s, %s, %s, %s g)", s, s,
				 s, s, s, s, s, s);
			snprintf(expected, sizeof(expected),
				 "f %s@r0 a:%s@r0 b:%s@r1 -:%s@r2 -:%s@r3 -:%s@r4 -:%s@r5 g:%s@+0",
				 e, e, e, e, e, e, e, e);
			if (parse(text, strlen(text), *state, &proto, &fault))
				fail_msg("%s\n%u: %s", text, fault.column, fault.message);
			assert_string_equal(render_all(&proto), expected);
			assert_string_equal(proto.result.spelling, spelling);
			assert_string_equal(proto.params[0].spelling, spelling);
		}
	}
}

static void every_floating(void **state)
{
	static const char *const spellings[][2] = {
		{"float", "f4"},         {"float_t", "f4"},
		{"_Float32", "f4"},      {"double", "d8"},
		{"double_t", "d8"},      {"_Float64", "d8"},
		{"_Float32x", "d8"},     {"__float128", "o16"},
		{"_Float128", "o16"},    {"float __complex__", "o8"},
		{"complex float", "o8"},
	};

	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		struct ts_prototype proto;
		struct ts_fault fault = {.line = 0};
		char text[128], expected[128];

		snprintf(text, sizeof(text), "%s f(int n, %s x)", spellings[i][0], spellings[i][0]);
		snprintf(expected, sizeof(expected), "f %s@x0 n:i4@r0 x:%s@x0", spellings[i][1],
			 spellings[i][1]);
		if (parse(text, strlen(text), *state, &proto, &fault))
			fail_msg("%s\n%u: %s", text, fault.column, fault.message);
		assert_string_equal(render_all(&proto), expected);
	}
}

static void spellings_and_columns(void **state)
{
	static const char text[] = "extern  const char*f(const   char text[len],unsigned long int "
				   "len , PGconn*const c, "
				   "void(*cb)(int,char*), char const * const *)";
	static const struct {
		const char *spelling;
		uint32_t column;
	} expected[] = {
		{"const char[len]", 35},       {"unsigned long int", 63},    {"PGconn *const", 82},
		{"void (*)(int, char *)", 91}, {"char const *const *", 107},
	};
	struct ts_prototype proto;
	struct ts_fault fault;

	assert_int_equal(ts_prototype_parse(text, strlen(text), 1, *state, &proto, &fault), 0);
	assert_string_equal(proto.result.spelling, "const char *");
	assert_int_equal(proto.result.column, 9);
	assert_null(proto.result.name);
	assert_int_equal(proto.n_params, 5);
	for (int i = 0; i < 5; i++) {
		assert_string_equal(proto.params[i].spelling, expected[i].spelling);
		assert_int_equal(proto.params[i].column, expected[i].column);
	}
	assert_null(proto.params[4].name);

	/* the same, further right in its line */
	assert_int_equal(ts_prototype_parse(text, strlen(text), 21, *state, &proto, &fault), 0);
	assert_int_equal(proto.params[0].column, 55);
}

/* A spelling has room for 95 bytes; what it is cut to says so. */
static void long_spelling(void **state)
{
	static const char text[] = "int f(void (*cb)(struct a_rather_long_name *, struct "
				   "another_rather_long_name *, int, int "
				   "*, struct yet_another_one *), int n)";
	struct ts_prototype proto;
	struct ts_fault fault;

	assert_int_equal(parse(text, strlen(text), *state, &proto, &fault), 0);
	assert_string_equal(
		proto.params[0].spelling,
		"void (*)(struct a_rather_long_name *, struct another_rather_long_name *, "
		"int, int *, struct...");
	assert_string_equal(render_all(&proto), "f i4@r0 cb:o8@r0 n:i4@r1");
}

static void as_many_as_there_may_be(void **state)
{
	char text[1024] = "int f(";
	struct ts_prototype proto;
	struct ts_fault fault;

	for (int i = 0; i < TS_MAX_PARAMS; i++)
		sprintf(text + strlen(text), "%slong p%d", i ? ", " : "", i);
	strcat(text, ")");
	assert_int_equal(parse(text, strlen(text), *state, &proto, &fault), 0);
	assert_int_equal(proto.n_params, TS_MAX_PARAMS);
	assert_int_equal(proto.params[TS_MAX_PARAMS - 1].where, TS_ON_STACK);
	assert_int_equal(proto.params[TS_MAX_PARAMS - 1].offset, 8 * (TS_MAX_PARAMS - 7));

	text[strlen(text) - 1] = 0;
	strcat(text, ", int more)");
	assert_int_equal(parse(text, strlen(text), *state, &proto, &fault), -EINVAL);
	assert_int_equal(fault.column, strstr(text, "int more") - text + 1);
	assert_string_equal(fault.message,
			    "more than 32 parameters; write the rule as a bare name (times only)");
}

/* --- anything else --------------------------------------------------------------------------- */

static void check_sound(const struct ts_prototype *proto)
{
	assert_non_null(proto->function);
	assert_true(proto->n_params <= TS_MAX_PARAMS);
	for (int i = 0; i < proto->n_params; i++) {
		const struct ts_param *param = &proto->params[i];

		assert_non_null(param->spelling);
		for (const char *at = param->spelling; *at; at++)
			assert_true(*at >= ' ' && *at <= '~');
		assert_true(param->bytes <= 32 && (param->bytes || param->type == TS_TYPE_OPAQUE));
		assert_true(param->type != TS_TYPE_VOID && param->where != TS_IN_X87);
		assert_true(param->length_of < proto->n_params);
		assert_int_equal(param->type == TS_TYPE_BYTES, param->length_of >= 0);
		if (param->where == TS_IN_INTEGER)
			assert_true(param->index < 6);
		if (param->where == TS_IN_VECTOR)
			assert_true(param->index < 8);
		if (param->where == TS_ON_STACK)
			assert_int_equal(param->offset % 8, 0);
	}
}

/* Valid text with bytes changed, dropped, doubled: no crash, a sound answer or a fault. */
static void mutations(void **state)
{
	static const char marks[] = "()[]*,.;:@&?<>=#\"'{}\\ \t\r\n\0\x80\xff"
				    "019azAZ_$";
	unsigned int seed = 20240917;

	for (int round = 0; round < 20000; round++) {
		struct ts_prototype proto;
		struct ts_fault fault = {.column = 0};
		char text[512];
		size_t n;

		n = (size_t)snprintf(
			text, sizeof(text) / 2, "%s",
			good[(unsigned int)rand_r(&seed) % (sizeof(good) / sizeof(good[0]))].text);
		for (int edits = 1 + rand_r(&seed) % 4; edits && n; edits--) {
			size_t at = (size_t)rand_r(&seed) % n;
			size_t length = 1 + (size_t)rand_r(&seed) % (n - at);

			switch (rand_r(&seed) % 3) {
			case 0:
				text[at] = marks[(size_t)rand_r(&seed) % sizeof(marks)];
				break;
			case 1:
				memmove(text + at, text + at + length, n - at - length);
				n -= length;
				break;
			default:
				if (n + length > sizeof(text))
					break;
				memmove(text + at + length, text + at, n - at);
				n += length;
			}
		}
		if (parse(text, n, *state, &proto, &fault) == 0)
			check_sound(&proto);
		else
			assert_true(fault.column >= 1 && fault.column <= n + 1 && fault.message[0]);
		if (round % 500 == 0)
			ts_arena_release(*state);
	}
}

/* Ten thousand parentheses: neither the stack nor the clock may feel them. */
static void deep_nesting(void **state)
{
	static char text[20000];
	struct ts_prototype proto;
	struct ts_fault fault;

	memset(text, '(', sizeof(text));
	memcpy(text, "int f(int ", 10);
	assert_int_equal(parse(text, sizeof(text), *state, &proto, &fault), -EINVAL);
	memset(text, '*', sizeof(text));
	memcpy(text, "int f(int ", 10);
	text[sizeof(text) - 1] = ')';
	assert_int_equal(parse(text, sizeof(text), *state, &proto, &fault), 0);
	assert_string_equal(render_all(&proto), "f i4@r0 -:o8@r0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(good_prototypes), TEST(every_number),
		TEST(every_floating),  TEST(spellings_and_columns),
		TEST(long_spelling),   TEST(as_many_as_there_may_be),
		TEST(mutations),       TEST(deep_nesting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
