/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TS_PYTHON_H
#define TS_PYTHON_H

/*
 * Between the shim and its module `python`, the front end for CPython: the shim knows the rules and the event log,
 * the module knows the interpreter. Everything but what says so runs on threads of the program that hold the GIL.
 */

#include "conf/conf.h"
#include "hot/foreign.h"
#include "system/log.h"

/* A Python function that a rule names, as it is found. Strings and names are copied. */
struct ts_python_function {
	const struct ts_rule *rule;
	const char *span; /* after what the span is named: the class, or the function */
	const char *name; /* "bot.agents.trainer:TrainerAgent.run" */
	const char *file;
	const char *const *params;
	uint8_t n_params;
};

/* What the shim does for the front end. Outlives it. */
struct ts_python_services {
	uint32_t version; /* TS_ABI_VERSION */
	const struct ts_conf *conf;
	/* The function in the log's dictionary, now and in children; NULL: there is no room for it. */
	const struct ts_hook *(*define)(const struct ts_python_function *function);
	/* Memory of a call that has not begun; NULL: none. Never unmapped. */
	struct ts_foreign *(*take)(void);
	void (*give)(struct ts_foreign *call);
	/* As in hot/foreign.h; place and end see to it that the thread is ready. False: not recorded. */
	bool (*place)(struct ts_foreign *call, const struct ts_hook *hook,
		      const struct ts_foreign *parent, uintptr_t slot);
	bool (*begin)(struct ts_foreign *call, const struct ts_prepared *input);
	void (*end)(struct ts_foreign *call, enum ts_outcome outcome,
		    const struct ts_prepared *output);
	void (*enter)(struct ts_foreign *call, uintptr_t slot);
	void (*leave)(struct ts_foreign *call);
	unsigned (*room)(uintptr_t slot);
	bool (*swap)(struct ts_foreign_part *ret_left, const struct ts_foreign_part *entered);
	/* Reads memory that may not be there, as hot/guarded.h does; false: it is not. */
	bool (*copy)(void *to, const void *from, uint64_t bytes);
	/* Ticks now, as events hold them. */
	uint64_t (*ticks)(void);
	/* Nothing that this thread calls from the frame at `slot` on is recorded; 0: all is again. */
	void (*shut)(uintptr_t slot);
	/*
	 * Not NULL: nothing is traced, the program is only asked what would become of its rules. Takes the lines that
	 * tell (abi.h), of `n` fields.
	 */
	void (*report)(const char *const *fields, size_t n);
	/* A line on stderr. */
	void (*log)(enum ts_log_level level, const char *format, ...)
		__attribute__((format(printf, 2, 3)));
};

/* What the front end does for the shim. */
struct ts_python_front {
	/* Called with every audit event (PEP 578). 0; 1 once all is reported, where that is asked for. */
	int (*audit)(const char *event, void *arguments);
	/*
	 * The call that the context of this thread lies in, by value, open or not. 1; 0: it lies in none; negative: that is
	 * not to be known here. Any thread, with the GIL or without it; it waits for nobody.
	 */
	int (*says)(struct ts_foreign *ret);
};

/*
 * Exported by the module: takes an interpreter that is initialised. NULL, with a sentence in `why`: it stands
 * down.
 */
#define TS_PYTHON_SYMBOL "ts_python_start"
typedef const struct ts_python_front *ts_python_start_fn(const struct ts_python_services *services,
							 char *why, size_t why_bytes);

#endif
