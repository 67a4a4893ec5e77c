/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_ABI_H
#define TS_ABI_H

/*
 * The event log: what libtraceshim.so writes and the runtime reads; the one header both compile.
 *
 * A spool is a folder of one process, <spool>/<boot id>-<pid>-<random>/ :
 *
 *   process    one page, struct ts_abi_process, mapped by the program and by its one consumer;
 *              behind it the dictionary, appended with pwrite, committed by dictionary_bytes
 *   ring-N     one page, struct ts_abi_ring, then `bytes` bytes of events of one thread at a time
 *   open       written by the consumer alone, what it must remember of places it gave back:
 *              the begin of a span still open (its thread's name before it), a bare end once
 *              that span is stored, an end whose begin was not met yet, messages of exchanges that are
 *              not over; records as in a ring, one after the other
 *
 * Everything is little-endian and 8-aligned, holds offsets, never pointers, and grows by version.
 *
 * Invariants, cited as [L1]...:
 *
 *   L1  head and tail are byte counts that only grow; a record lies at offset (count & (bytes - 1))
 *       of the data and may run past its end to the start again.
 *   L2  What lies in [tail, head) is whole: the producer stores head (release) after the record.
 *   L3  Only the owner thread moves head; only the holder of consumer_lock moves tail.
 *   L4  Every open span has TS_EVENT_END_BYTES reserved, so its end always fits.
 *   L5  tail passes the begin of an open span only after that begin stands in `open`.
 *   L6  tail and settled change together, in one instruction: whoever is killed in between the two would
 *       leave counts that do not add up. So begun - settled is what lies in [tail, head), and what of a
 *       damaged stretch could not be read.
 *   L7  The flusher's thread holds life_lock from before the first batch to the end of the program, and
 *       never gives it back. Orphaned, it says that the program has ended, or become another (exec).
 */

#include <stddef.h>
#include <stdint.h>

#define TS_ABI_VERSION       5
#define TS_ABI_PROCESS_MAGIC 0x31434f5250535454ULL /* "TTSPROC1" */
#define TS_ABI_RING_MAGIC    0x31474e4952535454ULL /* "TTSRING1" */
#define TS_ABI_PAGE          4096
#define TS_ABI_CLOCKS        16
#define TS_ABI_MAX_RINGS     4096
#define TS_ABI_MAX_CAPTURE   51200 /* bytes a side, the most that [trace] capture may ask for */
#define TS_ABI_MAX_TENANT    255

/* --- process: one page ------------------------------------------------------------------------ */

/* Where recorded spans were lost, and why: index into the counters. */
enum ts_lost {
	TS_LOST_RING_FULL, /* no room for begin and end */
	TS_LOST_NO_RING,   /* the budget for rings is used up, or there was no memory for one */
	TS_LOST_TOO_DEEP,  /* more frames open on one thread than TS_FRAMES */
	TS_LOST_REENTERED, /* a signal handler interrupted the shim and called a wrapped function */
	TS_LOST_ABANDONED, /* ... and left it with longjmp: the half-written record */
	TS_LOST_END,       /* a span ended where there was no room for its end */
	TS_LOST_UNHOOKED,  /* dlsym(RTLD_NEXT or RTLD_DEFAULT) of a ruled name was not followed */
	TS_LOST_COUNT
};

/* One instant on three clocks. Start times come from the first triple, durations from ticks. */
struct ts_abi_clock {
	uint64_t ticks;
	int64_t monotonic_ns;
	int64_t wall_ns;
};

/* What the flusher says when it will touch nothing any more. */
enum ts_stopped {
	TS_STOPPED_DONE =
		1, /* what it could store is stored: a spool that is read may be removed */
	TS_STOPPED_LEFT = 2, /* somebody else consumes the spool, and removes it */
};

enum ts_clock_source { TS_CLOCK_TSC = 1, TS_CLOCK_MONOTONIC = 2 }; /* MONOTONIC: a tick is 1 ns */

struct ts_abi_process {
	uint64_t magic;
	uint32_t version;
	uint32_t pid;
	uint64_t pid_namespace; /* inode of /proc/self/ns/pid: a pid means nothing outside it */
	uint32_t clock_source;
	uint32_t n_clocks;         /* release by the writer: clocks[0..n) are whole */
	uint64_t ticks_per_second; /* 0 until measured; then never changed again */
	uint64_t dictionary_bytes; /* release: so many bytes from TS_ABI_PAGE on are whole */
	uint32_t n_rings;          /* release: ring-0 .. ring-(n-1) exist */
	uint32_t reserved[3];
	uint64_t lost[8]; /* counts that belong to no ring */
	struct ts_abi_clock clocks[TS_ABI_CLOCKS];

	/* Between the program and its own flusher (wake: its consumer); each is a futex word. */
	uint32_t
		wake; /* program adds 1 and wakes its one waiter, the consumer: a ring is half full */
	uint32_t stop;    /* program sets 1: one last pass, then stop */
	uint32_t stopped; /* flusher: enum ts_stopped */
	uint32_t hold;    /* program: forks under way; the flusher starts nothing new */
	uint32_t busy;    /* flusher: 1 while it does what a fork must not copy half done */
	uint32_t reserved2;

	uint64_t consumer_lock[8]; /* pthread_mutex_t, robust and process-shared [L3] */
	uint64_t lost_told[8];     /* consumer: how much of lost stands in stored rows */

	uint64_t life_lock[8]; /* pthread_mutex_t, robust and process-shared [L7] */
	uint64_t seen_ticks;   /* flusher: at its last tick the program lived */
	uint32_t signal;       /* its parent, where that is traceshim: what ended it, else 0 */
	uint32_t reserved3;
	uint8_t run_id[16]; /* UUID v7: the process in pipeline_runs */
	uint64_t
		told; /* consumer: what was begun in the rings, and connections recorded, where how all ended is stored; else 0 */
	uint64_t wire[8]; /* program, atomic: enum ts_wire_count */
};

/* What became of the connections that [wire] asks for. */
enum ts_wire_count {
	TS_WIRE_SEEN,       /* connections on which the program sent something */
	TS_WIRE_RECORDED,   /* of them, to LLM APIs: what passes there is recorded */
	TS_WIRE_NOT_HTTP,   /* left alone: what they speak is something else */
	TS_WIRE_OTHER_HOST, /* left alone: HTTP, but to no LLM provider or gateway */
	TS_WIRE_UNREADABLE, /* left alone: HTTP that cannot be followed, from there on */
	TS_WIRE_NO_ROOM,    /* left alone: more at once than there is room for */
	TS_WIRE_LOST_BYTES, /* of recorded connections, for which no ring had room */
	TS_WIRE_BYPASSED, /* connections on which something passed by a function that is not read */
	TS_WIRE_COUNT
};

/* --- dictionary: records behind the page ------------------------------------------------------ */

enum ts_dictionary_type {
	TS_DICTIONARY_SETTINGS = 1,
	TS_DICTIONARY_THUNK = 2,
	TS_DICTIONARY_OBJECT = 3,
	TS_DICTIONARY_TLS = 4,
};

/* What a function is written in: who names it, and how. */
enum ts_language { TS_LANGUAGE_NATIVE = 0, TS_LANGUAGE_PYTHON = 1 };

struct ts_dictionary_record {
	uint32_t type;
	uint32_t bytes; /* of the whole record, a multiple of 8 */
};

/*
 * Always the first record. Then NUL-terminated strings, in this order: program (path), host,
 * symbols.conf (path), store (URL), tenant (default), redact (names, separated by ','), state (the folder
 * of backlogs; empty: there is none), prices (path of a price file; empty: there is none), gateways (for each
 * "HOST[/PATH] PROVIDER", separated by ','; empty: there are none).
 */
struct ts_dictionary_settings {
	struct ts_dictionary_record record;
	uint32_t n_rules;       /* of symbols.conf: what [wire] asks for is none */
	uint32_t flags;         /* enum ts_settings_flags */
	uint64_t backlog_bytes; /* on disk, at most, while the store is away */
	uint32_t capture_bytes; /* a side of a span; 0: times only */
	uint32_t reserved;
};

enum ts_settings_flags {
	TS_SETTINGS_ORPHANS = 1, /* an LLM call outside every trace is one */
	TS_SETTINGS_WIRE = 2,    /* symbols.conf has a [wire] */
};

enum ts_kind { TS_KIND_PIPELINE = 1, TS_KIND_AGENT, TS_KIND_LLM, TS_KIND_TOOL, TS_KIND_STEP };

/*
 * A rule and one definition it is bound to; events name it by `index`. Then NUL-terminated strings:
 * name (the span is named kind:name), function, object (path), fails ("< 0", or empty), and for
 * each parameter its name (empty: not recorded).
 */
struct ts_dictionary_thunk {
	struct ts_dictionary_record record;
	uint32_t index;
	uint32_t line; /* in symbols.conf */
	uint8_t kind;  /* enum ts_kind */
	uint8_t n_params;
	uint8_t language; /* enum ts_language */
	uint8_t reserved[5];
};

/*
 * An object that frames of call stacks name by `index`. Then NUL-terminated strings: its path, its build
 * id in hexadecimal (empty: it has none).
 */
struct ts_dictionary_object {
	struct ts_dictionary_record record;
	uint32_t index;
	uint32_t reserved;
};

/*
 * A TLS library that was found where [wire] asks for OpenSSL. Then NUL-terminated strings: the path of the object
 * that holds it, what it is ("OpenSSL", "GnuTLS", "rustls", ...), why what passes through it is not seen (empty: it is).
 */
struct ts_dictionary_tls {
	struct ts_dictionary_record record;
};

/* --- rings ------------------------------------------------------------------------------------ */

/*
 * Each step is one compare-and-swap: FREE -> OWNED -> FREE by threads; FREE -> RESTING -> RESTED by the
 * consumer, who gives the pages of an empty ring back; RESTED -> OWNED by a thread that has got new ones first,
 * for a store into a page that the file system has no room for is a SIGBUS.
 */
enum ts_ring_state { TS_RING_FREE = 0, TS_RING_OWNED = 1, TS_RING_RESTING = 2, TS_RING_RESTED = 3 };

struct ts_abi_ring {
	uint64_t magic;
	uint32_t version;
	uint32_t index;
	uint64_t bytes;     /* of the data: a power of two */
	uint32_t state;     /* enum ts_ring_state */
	uint32_t owner_tid; /* the last owner's */
	uint64_t begun;     /* producer: rows that its begins make, counted before head moves */
	uint8_t reserved[24];

	uint64_t head;    /* producer, release [L2] */
	uint64_t lost[7]; /* producer: enum ts_lost */

	uint64_t tail;         /* consumer, release [L5] */
	uint64_t settled;      /* consumer: rows of the begins that it read before tail [L6] */
	uint64_t lost_told[7]; /* consumer: how much of lost stands in stored rows */
	uint64_t reserved2[7];
};

/* --- events ----------------------------------------------------------------------------------- */

enum ts_event_type {
	TS_EVENT_THREAD = 1,
	TS_EVENT_BEGIN = 2,
	TS_EVENT_END = 3,
	TS_EVENT_STACK = 4,
	TS_EVENT_EXEC = 5,
	TS_EVENT_MESSAGE = 6,
	TS_EVENT_TOLD = 7,
};

struct ts_event {
	uint16_t type;
	uint16_t flags;
	uint32_t bytes; /* of the whole event, a multiple of 8 */
};

/* First event of each owner of a ring. */
struct ts_event_thread {
	struct ts_event event;
	uint32_t tid;
	uint32_t reserved;
	char name[16]; /* as prctl(PR_GET_NAME) */
};

enum ts_begin_flags {
	TS_BEGIN_TRACE = 1, /* this call is a trace: it has a row in pipeline_traces */
	TS_BEGIN_SPAN = 2,  /* this call is a span; with TRACE it is both (an orphan's own trace) */
	TS_BEGIN_PARENT = 4, /* parent_id counts; without, the span lies directly under its trace */
	TS_BEGIN_TENANT = 8, /* tenant bytes follow; without, the tenant is the settings' default */
};

/*
 * A call began. Then tenant_bytes of tenant padded to 8, then the captured arguments: values one
 * after the other to the end of the event.
 */
struct ts_event_begin {
	struct ts_event event; /* flags: enum ts_begin_flags */
	uint64_t ticks;
	uint8_t trace_id[16];
	uint8_t span_id[16]; /* zero unless TS_BEGIN_SPAN */
	uint8_t parent_id[16];
	uint32_t thunk; /* index in the dictionary */
	uint32_t tid;
	uint32_t tenant_bytes;
	uint32_t reserved;
};

enum ts_outcome {
	TS_OUTCOME_OK = 0,
	TS_OUTCOME_FAILED = 1,        /* the result met the rule's `fails if` */
	TS_OUTCOME_EXCEPTION = 2,     /* an exception passed */
	TS_OUTCOME_LONGJMP = 3,       /* "left by longjmp" */
	TS_OUTCOME_THREAD_EXITED = 4, /* "thread exited": pthread_exit or cancellation */
	TS_OUTCOME_EXEC = 5,          /* "exec": the process became another program */
	TS_OUTCOME_CANCELLED = 6,     /* "cancelled": asyncio.CancelledError passed */
	TS_OUTCOME_ABANDONED = 7,     /* "abandoned": a stream that nobody read to its end */
};

enum ts_end_flags {
	TS_END_ERRNO_KEPT = 1, /* error_number was the same before the call: perhaps not its own */
};

/* A call ended. Then the captured result, if any. */
struct ts_event_end {
	struct ts_event event; /* flags: enum ts_end_flags */
	uint64_t ticks;
	uint8_t trace_id[16];
	uint8_t span_id[16];  /* as in its begin */
	uint32_t outcome;     /* enum ts_outcome */
	int32_t error_number; /* errno after a failed call, else 0 */
	uint64_t reserved;
};

#define TS_EVENT_END_BYTES 64

/* --- the call stack of a failure; before the end of its call, in whatever ring ---------------- */

#define TS_MAX_STACK 32

enum ts_call_stack_flags {
	TS_STACK_OF_CALLER = 1, /* the first frame is the caller of the function that failed */
	TS_STACK_AS_OF = 2,     /* no frames: it is that of another call, whose span id follows */
};

/* Then n_frames of struct ts_stack_frame, innermost first; or 16 bytes of a span id. */
struct ts_event_stack {
	struct ts_event event; /* flags: enum ts_call_stack_flags */
	uint8_t trace_id[16];
	uint8_t span_id[16]; /* as in the begin */
	uint32_t n_frames;
	uint32_t reserved;
};

#define TS_NO_OBJECT 0xffffffff

struct ts_stack_frame {
	uint64_t offset; /* from the object's base; the address itself where there is no object */
	uint32_t object; /* index in the dictionary, or TS_NO_OBJECT */
	uint32_t reserved;
};

/* --- exec ------------------------------------------------------------------------------------- */

enum ts_exec_flags {
	TS_EXEC_FAILED = 1, /* it came back: the one before on this ring did not happen */
};

/* The process is about to become another program. Calls open then end here, with TS_OUTCOME_EXEC. */
struct ts_event_exec {
	struct ts_event event; /* flags: enum ts_exec_flags */
	uint64_t ticks;
};

/* --- what passes over connections to LLM APIs --------------------------------------------------- */

enum ts_message_flags {
	TS_MESSAGE_RECEIVED = 1, /* from the other side; without, the program sent it */
	TS_MESSAGE_INSIDE = 2,   /* trace_id counts: the sender lies in a trace */
	TS_MESSAGE_PARENT = 4,   /* parent_id counts: in a span of it */
	TS_MESSAGE_LISTED = 8,   /* symbols.conf lists the address: whatever host it is called */
	TS_MESSAGE_LAST =
		16, /* nothing comes behind it: the connection has ended; `offset` is what was received in all */
};

enum ts_ending {
	TS_ENDING_CLIENT = 1, /* the program closed it */
	TS_ENDING_PEER = 2,   /* the other side did */
	TS_ENDING_ERROR = 3,  /* a fault of TLS, a reset, a timeout */
	TS_ENDING_UNSEEN = 4, /* it goes on, but cannot be followed any more */
};

/*
 * Plain text that passed. Then tenant_bytes of tenant padded to 8, then text_bytes of text padded to 8. Heads of requests
 * are rewritten: they hold no secrets, and none but the few headers that matter; of HTTP/2 they are HEADERS frames
 * whose fields are all literal and not indexed. So offsets count bytes as they are recorded.
 */
struct ts_event_message {
	struct ts_event event; /* flags: enum ts_message_flags */
	uint64_t ticks;
	uint64_t connection; /* unique in its process, from 1 */
	uint64_t
		offset; /* of the text's first byte in its direction; a gap before it: it was lost */
	uint8_t trace_id[16];
	uint8_t parent_id[16];
	uint32_t
		sequence; /* of the connection's messages, both directions, from 0: they may lie in several rings */
	uint32_t tid;
	uint32_t text_bytes;
	uint8_t tenant_bytes; /* 0: the settings' default */
	uint8_t ending;       /* with TS_MESSAGE_LAST: enum ts_ending */
	uint8_t reserved[2];
};

enum ts_told_flags {
	TS_TOLD_FORGET = 1, /* no message before `sequence` is needed any more */
	TS_TOLD_CLOSED = 2, /* the connection has ended */
};

/* By the consumer, in `open` alone: how far a connection was read, and which rows that came of it stand in the store. */
struct ts_event_told {
	struct ts_event event; /* flags: enum ts_told_flags */
	uint64_t connection;   /* 0: `rows` alone counts */
	uint8_t span_id[16];   /* of the call; zero: of none, `sequence` alone counts */
	uint64_t rows;         /* of all calls of the process that were told so far */
	uint32_t sequence;     /* messages below it have been read */
	uint32_t reserved;
};

/* --- captured values -------------------------------------------------------------------------- */

enum ts_value_type {
	TS_VALUE_NULL = 1,        /* a null pointer; no payload */
	TS_VALUE_BOOL = 2,        /* 8 bytes, 0 or 1 */
	TS_VALUE_INT = 3,         /* int64_t */
	TS_VALUE_UINT = 4,        /* uint64_t */
	TS_VALUE_CHAR = 5,        /* 8 bytes, the character in the first */
	TS_VALUE_FLOAT = 6,       /* 8 bytes, IEEE binary32 in the first four */
	TS_VALUE_DOUBLE = 7,      /* IEEE binary64 */
	TS_VALUE_STRING = 8,      /* `bytes` bytes, any; no NUL is added */
	TS_VALUE_CUT = 9,         /* struct ts_value_cut, then the head, then the tail */
	TS_VALUE_UNREADABLE = 10, /* uint64_t: the address that could not be read */
	TS_VALUE_REDACTED = 11,   /* no payload */
	/* of languages with values of their own; payloads of values, each 8-aligned, one after the other */
	TS_VALUE_LIST = 12,
	TS_VALUE_OBJECT =
		13, /* key, value, key, value, ...; keys are TS_VALUE_STRING or TS_VALUE_CUT */
	TS_VALUE_OPAQUE = 14, /* bytes of a type's name: what it holds is not recorded */
	TS_VALUE_OMITTED =
		15, /* uint64_t: so many more members of this list or object were left out */
};

#define TS_MAX_NESTING 16 /* lists and objects inside each other */

#define TS_PARAM_RESULT 0xffff
/* In an end: a C++ exception's type, as std::type_info::name has it; of any other exception the class
 * that its raiser gave it (Itanium C++ ABI, 1.2), a TS_VALUE_UINT. */
#define TS_PARAM_ERROR 0xfffe
#define TS_PARAM_WHAT  0xfffd /* ... and what its what() says */
#define TS_PARAM_RAISED \
	0xfffc /* ... or, of Python, its type as it is ("openai.RateLimitError"); with TS_PARAM_WHAT */
#define TS_PARAM_LINES 0xfffb /* the call stack of a failure: a list of strings, innermost first */
#define TS_PARAM_FIRST 0xfffa /* TS_VALUE_UINT: ticks when the first item of a stream came */
#define TS_MAX_ERROR   1024   /* bytes of each; what has so many was cut */

struct ts_value {
	uint8_t type; /* enum ts_value_type */
	uint8_t reserved;
	uint16_t param; /* index of the parameter, or TS_PARAM_...; inside lists and objects 0 */
	uint32_t bytes; /* of the payload that follows; the next value starts 8-aligned */
};

struct ts_value_cut {
	uint64_t full_bytes; /* the string's length in the program */
	uint32_t head_bytes;
	uint32_t tail_bytes;
};

#define TS_ALIGN8(n) (((n) + 7) & ~(uint64_t)7)

/* --- the flusher module ----------------------------------------------------------------------- */

/* Opens a module by name ("store_sqlite") and answers its symbol; NULL, and why in `why`. */
typedef const void *ts_module_symbol_fn(const char *module, const char *symbol, char *why,
					size_t why_bytes);

/* What the shim hands the flusher; outlives the call. Callbacks run on the flusher's thread. */
struct ts_flusher_args {
	uint32_t version;   /* TS_ABI_VERSION */
	uint32_t log_level; /* 0 off, 1 error, 2 info, 3 debug: one line each on stderr */
	const char *spool;  /* this process's folder */
	struct ts_abi_process *process; /* its mapped page */
	ts_module_symbol_fn *module_symbol;
	void (*opened)(void); /* called before and after the store is first opened */
	void (*tick)(void);   /* called before each pass */
	uint32_t *inside; /* as process->busy, but in memory that a forked child gets a copy of */
	uint32_t shares;  /* 1: the descriptor table stays the program's: others' code goes by it */
};

/* Exported by the module `flusher`: runs until process->stop. 0, or a negative errno. */
#define TS_FLUSHER_SYMBOL "ts_flusher_run"
typedef int ts_flusher_run_fn(const struct ts_flusher_args *args);

/* --- what `traceshim` asks of the shim -------------------------------------------------------- */

/*
 * TRACESHIM_REPORT=PATH: the constructor writes what became of every rule to PATH and ends the
 * program before its main; where rules are for Python, CPython itself goes on, and ends before it
 * runs the first line of the program. TRACESHIM_RUN=PATH: the constructor appends a line, the first
 * event another. Without it both go to <spool>/last-run, which each program that has rules begins
 * anew.
 * Lines of fields separated by tabs; \t, \n and \\ in a field are escaped so:
 *
 *   report:  conf PATH                       the symbols.conf used, empty if there is none
 *            program PATH
 *            object PATH BASE                loaded, in this order, the shim aside; BASE is what is
 *                                            added to its file's addresses
 *            fault LINE COLUMN MESSAGE       LINE 0: the file as a whole
 *            setting KEY VALUE
 *            rule LINE KIND KEY FUNCTION LANGUAGE
 *                                            KEY as written, with its '*'; LANGUAGE: "native", "python"
 *            param LINE NAME TYPE            a recorded parameter of the rule at LINE, in order;
 *                                            `result`: the result; TYPE as written, "redacted", or ""
 *                                            where the language has none
 *            hook LINE FUNCTION OBJECT ADDRESS HOW SLOTS
 *                                            a definition: its object's path; HOW: "slots" (so many
 *                                            were written) or "entry" (its first bytes were)
 *            def LINE FUNCTION FILE AT TYPE  a definition in Python: MODULE:QUALNAME, where it begins;
 *                                            TYPE: "function", "coroutine", "generator", "async generator"
 *            unseen LINE FUNCTION OBJECT REASON
 *                                            calls of a definition that are known and not seen
 *            miss LINE REASON                no definition, or refused; until a later line says otherwise
 *            hint LINE TEXT                  what may have been meant
 *            asks SETTING VALUE              [wire], where there is one: "openssl" with "on" or "off"; then
 *                                            "http" with each address, "gateway" with each
 *                                            "HOST[/PATH][ as PROVIDER]"
 *            wire FUNCTION OBJECT HOW        a definition of a function that [wire] asks for; HOW as in `hook`
 *            tls OBJECT LIBRARY REASON       a TLS library; REASON: why what passes through it is not seen,
 *                                            empty: it is
 *   run:     start PID RULES HOOKED PROGRAM  HOOKED: rules with at least one definition so far;
 *                                            [wire] counts as one
 *            reached PID HOOKED RUN          the first event was recorded; RUN: run_id in hexadecimal
 *            hooked PID HOOKED               the program ended; where more were found since
 *            passive PID REASON              the shim stood down
 */
#define TS_REPORT_ENV "TRACESHIM_REPORT"
#define TS_RUN_ENV    "TRACESHIM_RUN"
#define TS_LAST_RUN   "last-run"

_Static_assert(sizeof(struct ts_abi_clock) == 24, "layout");
_Static_assert(offsetof(struct ts_abi_process, dictionary_bytes) == 40, "layout");
_Static_assert(offsetof(struct ts_abi_process, lost) == 64, "layout");
_Static_assert(offsetof(struct ts_abi_process, clocks) == 128, "layout");
_Static_assert(offsetof(struct ts_abi_process, wake) == 512, "layout");
_Static_assert(offsetof(struct ts_abi_process, consumer_lock) == 536, "layout");
_Static_assert(offsetof(struct ts_abi_process, lost_told) == 600, "layout");
_Static_assert(offsetof(struct ts_abi_process, life_lock) == 664, "layout");
_Static_assert(offsetof(struct ts_abi_process, run_id) == 744, "layout");
_Static_assert(offsetof(struct ts_abi_process, wire) == 768, "layout");
_Static_assert(sizeof(struct ts_abi_process) == 832, "layout");
_Static_assert(TS_WIRE_COUNT <= 8, "counters fit");
_Static_assert(TS_LOST_COUNT <= 7, "counters fit both headers");
_Static_assert(offsetof(struct ts_abi_ring, head) == 64, "producer's cache line");
_Static_assert(offsetof(struct ts_abi_ring, lost) == 72, "producer's cache line");
_Static_assert(offsetof(struct ts_abi_ring, tail) == 128, "consumer's cache line");
_Static_assert(offsetof(struct ts_abi_ring, tail) % 16 == 0 &&
		       offsetof(struct ts_abi_ring, settled) ==
			       offsetof(struct ts_abi_ring, tail) + 8,
	       "one 16-byte store [L6]");
_Static_assert(sizeof(struct ts_abi_ring) == 256, "layout");
_Static_assert(sizeof(struct ts_dictionary_settings) == 32, "layout");
_Static_assert(sizeof(struct ts_dictionary_thunk) == 24, "layout");
_Static_assert(sizeof(struct ts_event_thread) == 32, "layout");
_Static_assert(offsetof(struct ts_event_begin, thunk) == 64, "layout");
_Static_assert(sizeof(struct ts_event_begin) == 80, "layout");
_Static_assert(sizeof(struct ts_event_end) == TS_EVENT_END_BYTES,
	       "a bare end is what is reserved [L4]");
_Static_assert(sizeof(struct ts_dictionary_object) == 16, "layout");
_Static_assert(sizeof(struct ts_event_stack) == 48, "layout");
_Static_assert(sizeof(struct ts_stack_frame) == 16, "layout");
_Static_assert(sizeof(struct ts_event_exec) == 16, "layout");
_Static_assert(sizeof(struct ts_event_message) == 80, "layout");
_Static_assert(sizeof(struct ts_event_told) == 48, "layout");
_Static_assert(sizeof(struct ts_value) == 8, "layout");
_Static_assert(sizeof(struct ts_value_cut) == 16, "layout");

#endif
