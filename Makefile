# SPDX-License-Identifier: Apache-2.0
# `make help` lists what there is. V=1 shows every command.

PREFIX  ?= /usr/local
CC      ?= cc
CFLAGS  ?= -O2 -g
WERROR  ?=
PYTHON_INCLUDE ?= $(firstword $(wildcard /usr/include/python3.*))
B       := build

WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes $(if $(WERROR),-Werror)
BASE    := -std=gnu11 $(WARN) -fPIC -fvisibility=hidden -D_GNU_SOURCE -MMD -MP
# What runs inside a stranger's calls: no vector registers, nothing that needs a libc helper.
HOT     := $(BASE) -O2 -g -mgeneral-regs-only -fno-stack-protector -U_FORTIFY_SOURCE -fno-builtin -fno-lto \
           -ftls-model=initial-exec -fno-tree-loop-distribute-patterns
SHIM    := $(BASE) $(CFLAGS) -fno-stack-protector -U_FORTIFY_SOURCE -ftls-model=initial-exec
RUNTIME := $(BASE) $(CFLAGS) -I$(B)/gen
ASAN    := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2))

hot_src     := $(wildcard preload/hot/*.c)
pads_src    := $(wildcard preload/hot/*.S)
entry_src   := $(wildcard preload/entry/*.c)
module_src  := $(entry_src) preload/demangle.c preload/stack.c
python_src  := $(wildcard preload/python/*.c)
heads_src   := $(wildcard preload/wire/*.c)
shim_src    := $(filter-out $(hot_src) $(module_src) $(python_src) $(heads_src),$(wildcard preload/*.c preload/*/*.c))
shim_asm    := $(filter-out $(pads_src),$(wildcard preload/*/*.S))
stores      := $(patsubst runtime/%/store.c,%,$(wildcard runtime/*/store.c))
store_src   := $(foreach s,$(stores),$(wildcard runtime/$(s)/*.c))
symbols_src := runtime/assemble/symbolize.c
runtime_src := $(filter-out $(symbols_src),$(wildcard $(addprefix runtime/,*.c log/*.c assemble/*.c backlog/*.c query/*.c usage/*.c wire/*.c)))
collect_src := $(wildcard $(addprefix runtime/,collect/*.c live/*.c export/*.c))
report_src  := $(wildcard runtime/report/*.c)
command_src := $(wildcard runtime/command/*.c runtime/command/*/*.c)
unit_src    := $(wildcard tests/unit/*.c)

entry_asan := $(patsubst %.c,$(B)/asan/%.o,$(entry_src))

obj = $(patsubst %.c,$(B)/obj/%.o,$(patsubst %.S,$(B)/obj/%.o,$(1)))

modules := $(addprefix $(B)/modules/,flusher.so entry.so demangle.so stack.so symbolize.so python.so wire.so) \
           $(patsubst %,$(B)/modules/store_%.so,$(stores))

.PHONY: all demo check check-faults check-soak faults check-hazards check-programs check-stores check-python check-wire setup-venv setup-wire unit e2e bench bench-large lint format install uninstall clean help bots check-tsan \
	setup-build setup-check setup-programs setup-fuzz setup-bench fuzz

all: $(B)/libtraceshim.so $(B)/traceshim $(modules) ## the shim, its modules and the command, into build/

include $(wildcard tests/bots/*/rules.mk) $(wildcard tests/*/rules.mk)

# --- what is built ---------------------------------------------------------------------------------

$(call obj,$(hot_src)): $(B)/obj/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOT) -c -o $@ $<

$(call obj,$(pads_src) $(shim_asm)): $(B)/obj/%.o: %.S
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -fPIC -g -MMD -MP -c -o $@ $<

$(call obj,$(shim_src) $(module_src) $(heads_src)): $(B)/obj/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(SHIM) -c -o $@ $<

$(call obj,$(runtime_src) $(store_src) $(symbols_src) $(collect_src) $(report_src) $(command_src)): $(B)/obj/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(RUNTIME) -c -o $@ $<

# A provider is a file; provider.c asks which there are.
providers := $(patsubst runtime/wire/provider_%.c,%,$(wildcard runtime/wire/provider_*.c))

$(B)/gen/providers.inc: $(providers:%=runtime/wire/provider_%.c)
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)printf 'PROVIDER(%s)\n' $(providers) > $@.new && mv $@.new $@

$(patsubst %,$(B)/%/runtime/wire/provider.o,obj asan): $(B)/gen/providers.inc

# Their hosts, for what looks at connections and includes nothing of runtime/.
$(B)/gen/provider_hosts.inc: $(providers:%=runtime/wire/provider_%.c)
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)sed -n '/ts_provider_host hosts\[\]/,/^}/s/^\t{\("[^"]*"\),.*/\1,/p' $^ > $@.new && mv $@.new $@

$(patsubst %,$(B)/%/preload/wire/host.o,obj asan): $(B)/gen/provider_hosts.inc
$(call obj,preload/wire/host.c): SHIM += -I$(B)/gen

# One build for every CPython from 3.10 on: the limited API, whatever version the headers are of.
$(call obj,$(python_src)): $(B)/obj/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE) $(CFLAGS) -ftls-model=global-dynamic -I$(B)/gen \
		-I$(PYTHON_INCLUDE) -c -o $@ $<

$(call obj,preload/python/rewrite.c): $(B)/gen/rewrite.inc $(B)/gen/stream.inc
$(call obj,preload/python/wrapped.c): $(B)/gen/portable.inc
$(call obj,preload/python/look.c): $(B)/gen/look.inc $(B)/gen/explain.inc

$(B)/gen/%.inc: preload/python/%.py
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)od -An -v -tu1 $< | sed 's/  */,/g; 1s/^,//' > $@.new && mv $@.new $@

# What it takes from the interpreter, the interpreter has.
$(B)/modules/python.so: $(call obj,$(python_src))
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -shared -o $@ $^ -Wl,-z,relro,-Bsymbolic $(LDFLAGS)

$(B)/libtraceshim.so: $(call obj,$(hot_src) $(pads_src) $(shim_src) $(shim_asm)) preload/exports.map
	$(call say,LD,$@)
	$(Q)$(CC) -shared -o $@ $(filter %.o,$^) -Wl,--version-script=preload/exports.map -Wl,-z,defs,-z,now,-z,relro \
		-Wl,-z,noexecstack -Wl,--as-needed -Wl,-soname,libtraceshim.so $(LDFLAGS)

# What the runtime links; what is named by its archive lies inside, hidden.
WIRE_LIBS    := -l:libhttp_parser.a -l:libnghttp2.a -l:libbrotlidec.a -l:libbrotlicommon.a -l:libzstd.a -l:libz.a
RUNTIME_LIBS := -Wl,--exclude-libs,ALL $(LDFLAGS) -lcjson -luuid -l:libiberty.a $(WIRE_LIBS)

$(B)/modules/flusher.so: $(call obj,$(runtime_src))
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -shared -o $@ $^ -Wl,-z,defs,-z,relro,-Bsymbolic $(RUNTIME_LIBS)

$(B)/modules/symbolize.so: $(call obj,$(symbols_src))
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -shared -o $@ $^ -Wl,-z,defs,-z,relro,-Bsymbolic $(LDFLAGS) -lelf

# Not libunwind.so, which is an unwinder as well: -x86_64 is what walks the stacks of others.
$(B)/modules/stack.so: $(call obj,preload/stack.c)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -shared -o $@ $^ -Wl,-z,defs,-z,now,-z,relro,-Bsymbolic $(LDFLAGS) -lunwind-x86_64

# Debian has Zydis as a shared library only; it needs libc alone, and comes when the module is opened.
$(B)/modules/entry.so: $(call obj,$(entry_src))
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -shared -o $@ $^ -Wl,-z,defs,-z,relro,-z,noexecstack,-Bsymbolic -Wl,--as-needed $(LDFLAGS) -lZydis

# A store is a folder, and a module of its own. SQLite lies inside, hidden, so that it meets no other copy in
# the program.
store_libs_sqlite := -l:libsqlite3.a -lm
store_libs_jsonl  := -lcjson -luuid
store_more_jsonl  := bytes.c file.c jsonmember.c log/held.c rowjson.c uuid.c sqlite/dbfile.c
store_libs_postgresql := -lpq

$(patsubst %.c,$(B)/obj/%.o,$(wildcard runtime/postgresql/*.c)): RUNTIME += -I$(shell pg_config --includedir)

.SECONDEXPANSION:
$(patsubst %,$(B)/modules/store_%.so,$(stores)): $(B)/modules/store_%.so: \
		$$(call obj,$$(wildcard runtime/$$*/*.c) \
		$$(addprefix runtime/,columns.c error.c moment.c text.c pool.c $$(store_more_$$*)))
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -shared -o $@ $^ -Wl,-z,defs,-z,relro,-Bsymbolic -Wl,--exclude-libs,ALL $(LDFLAGS) $(store_libs_$*)

# libiberty lies inside, hidden, and what it asks malloc for comes from a heap of its own.
$(B)/modules/demangle.so: $(call obj,preload/demangle.c)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -shared -o $@ $^ -Wl,-z,defs,-z,relro,-Bsymbolic -Wl,--exclude-libs,ALL \
		-Wl,--wrap=malloc,--wrap=realloc,--wrap=free $(LDFLAGS) -l:libiberty.a

# libnghttp2 lies inside, hidden, and takes memory from whom it is told to.
$(B)/modules/wire.so: $(call obj,$(heads_src))
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -shared -o $@ $^ -Wl,-z,defs,-z,now,-z,relro,-z,noexecstack,-Bsymbolic -Wl,--exclude-libs,ALL \
		-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free $(LDFLAGS) -l:libnghttp2.a

$(B)/traceshim: $(call obj,$(command_src) $(collect_src) $(report_src) $(runtime_src))
	$(call say,LD,$@)
	$(Q)$(CC) -o $@ $^ $(RUNTIME_LIBS) -ldw -lelf -lm

$(patsubst %,$(B)/gen/sql_%.h,$(stores)): $(B)/gen/sql_%.h: scripts/embed-sql $$(wildcard sql/$$*/*.sql)
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)scripts/embed-sql sql/$* > $@.new && mv $@.new $@

$(foreach s,$(stores),$(patsubst %,$(B)/%/runtime/$(s)/schema.o,obj asan)): $(B)/%/schema.o: $(B)/gen/sql_$$(notdir $$*).h

$(B)/gen/prices.h: scripts/embed-text runtime/prices.json
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)scripts/embed-text prices_json runtime/prices.json > $@.new && mv $@.new $@

$(patsubst %,$(B)/%/runtime/price.o,obj asan): $(B)/gen/prices.h

-include $(shell find $(B) -name '*.d' 2>/dev/null)

# --- tests -----------------------------------------------------------------------------------------

asan_obj := $(patsubst %.c,$(B)/asan/%.o,$(filter-out $(addprefix preload/,shim.c life/life.c hook/hook.c exec/spawn.c guard/sigaction.c),$(shim_src)) \
            preload/demangle.c $(filter-out preload/wire/nomalloc.c,$(heads_src)) $(hot_src) $(runtime_src) $(collect_src) $(report_src) $(symbols_src) \
            $(filter-out runtime/postgresql/%,$(store_src)) $(addprefix runtime/postgresql/,encode.c sqlstate.c))

# Each store has a `ts_store`; in the one library of the tests the names of this one are its own.
$(B)/asan/runtime/jsonl/%.o: ASAN += -Dts_store=ts_jsonl_store -Dts_source=ts_jsonl_source

$(asan_obj) $(entry_asan): $(B)/asan/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -fvisibility=hidden,$(RUNTIME)) $(ASAN) -c -o $@ $<

# assembly that needs no other part of the shim
$(B)/asan/libts.a: $(asan_obj) $(call obj,preload/hot/guarded_x86_64.S preload/guard/guard_x86_64.S)
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/unit/%: tests/unit/%.c $(B)/asan/libts.a
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) -D_GNU_SOURCE -g $(ASAN) -MMD -MP -I. -I$(B)/gen -o $@ $< $(B)/asan/libts.a \
		-lcmocka -lcjson -luuid -l:libiberty.a -lelf -l:libsqlite3.a -lm -lpthread -l:libbrotlienc.a $(WIRE_LIBS)

$(B)/unit/test_entry: tests/unit/test_entry.c $(entry_asan)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) -D_GNU_SOURCE -g $(ASAN) -MMD -MP -I. -o $@ $< $(entry_asan) -lcmocka -lZydis

# What they look at leads to thunks, and those to pads.
$(B)/unit/test_patch $(B)/unit/test_hot_wire $(B)/unit/test_foreign: $(B)/unit/%: tests/unit/%.c $(B)/asan/libts.a $(entry_asan) $(call obj,$(pads_src))
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) -D_GNU_SOURCE -g $(ASAN) -MMD -MP -I. -o $@ $< $(entry_asan) $(call obj,$(pads_src)) \
		$(B)/asan/libts.a -lcmocka -lZydis -lpthread

unit_programs := $(patsubst tests/unit/%.c,$(B)/unit/%,$(unit_src))

unit: $(unit_programs) ## unit tests, under AddressSanitizer and UBSan
	$(Q)set -e; for t in $^; do $$t; done

check-tsan: ## the ring's two threads, under ThreadSanitizer
	@mkdir -p $(B)/tsan
	$(Q)$(CC) -std=gnu11 $(WARN) -g -O1 -fsanitize=thread -D_GNU_SOURCE -I. -o $(B)/tsan/ring_threads \
		tests/tsan/ring_threads.c $$(sed -n 's/.*sources: \([^*]*\).*/\1/p' tests/tsan/ring_threads.c) -lcjson -luuid -l:libiberty.a
	$(Q)$(B)/tsan/ring_threads

FUZZ_SECONDS ?= 600

fuzz: $(readers:%=fuzz-%) fuzz-mover ## break readers for FUZZ_SECONDS=600 each; one: fuzz-conf

bots: ## the programs that the end-to-end tests trace

# Those over PostgreSQL are links to the same over SQLite.
over_postgresql := $(wildcard tests/e2e/*_postgresql.bats)

e2e: all bots ## end-to-end tests
	$(Q)bats --jobs $(shell nproc) --no-parallelize-within-files \
		$(filter-out $(over_postgresql),$(wildcard tests/e2e/*.bats))

check: setup-check ## set up, then the tests: five minutes on two cores
	$(Q)$(MAKE) --no-print-directory lint
	$(Q)$(MAKE) --no-print-directory -j$(shell nproc) all bots faults $(unit_programs)
	$(Q)$(MAKE) --no-print-directory unit check-tsan
	$(Q)$(MAKE) --no-print-directory fuzz-mover FUZZ_SECONDS=5
	$(Q)$(MAKE) --no-print-directory e2e
	$(Q)tests/faults/run --sample
	$(Q)tests/hazards/run --sample

check-hazards: setup-check all ## every hazard in every build of it: half an hour
	$(Q)tests/hazards/run --all

check-stores: setup-check all bots ## both SQL stores, with real servers: five minutes
	$(Q)bats --jobs 1 tests/stores $(over_postgresql)

check-python: setup-venv all ## Python bots with real packages, and LLM clients
	$(Q)bats --jobs 1 tests/python

check-wire: setup-wire setup-venv all ## real clients of LLM APIs, over TLS: four minutes
	$(Q)bats --jobs 1 tests/wire

FAULT_ROUNDS ?= 1000

check-faults: setup-check faults ## kill and fail everything, FAULT_ROUNDS (1000) times
	$(Q)tests/faults/run --all --rounds $(FAULT_ROUNDS)

check-soak: setup-check faults ## threads and forks for SOAK_MINUTES=30: nothing grows
	$(Q)tests/faults/soak.py

check-programs: setup-programs all ## redis, git, gcc, python's own tests: two minutes
	$(Q)bats tests/programs

demo: setup-build ## set up, build, trace the coach, show what it did
	$(Q)$(MAKE) --no-print-directory all $(B)/bots/coach/coach
	@scripts/demo

bench: setup-bench setup-venv ## measure, beside uftrace; writes build/bench/bench.json
	$(Q)$(MAKE) --no-print-directory faults
	@scripts/bench

bench-large: setup-bench all ## reads of 10 million spans: ten minutes, 12 GB
	$(Q)python3 tests/bench/reads.py --table 10000000

setup-build setup-check setup-programs setup-fuzz setup-bench:
	@scripts/setup $(@:setup-%=%)

# Without a network there are none, and the tests that need them say so; CI takes no such excuse.
setup-venv: setup-check ## the Python packages of the tests' bots, into build/venv
	@scripts/setup-python || { [ $$? = 3 ] && [ "$(CI)" != true ]; }

setup-wire: ## what check-wire needs besides: Ruby, packages of Node
	@scripts/setup-wire || { [ $$? = 3 ] && [ "$(CI)" != true ]; }

sources := $(shell find preload runtime tests -name '*.[ch]')

lint: ## formatting, shell scripts, man pages
	$(Q)clang-format --dry-run -Werror $(sources)
	$(Q)shellcheck scripts/* tests/hazards/run tests/faults/run .ci/run $(wildcard tests/*/*.bash) tests/bots/wire/curl.sh tests/bench/stores tests/bench/exports \
		tests/bench/python/run runtime/command/complete/traceshim.bash
	$(Q)mandoc -Tlint -W warning $(manuals)

format: ## format all C sources
	$(Q)clang-format -i $(sources)

# --- installation ------------------------------------------------------------------------------------

manuals := $(wildcard preload/*.[1-9] runtime/command/man/*.[1-9])

completion_bash := share/bash-completion/completions/traceshim
completion_zsh  := share/zsh/site-functions/_traceshim

units := user/traceshim-collect.service system/traceshim-collect@.service

install: all ## into $(DESTDIR)$(PREFIX)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/traceshim $(DESTDIR)$(PREFIX)/share/doc/traceshim
	install -m 755 $(B)/traceshim $(DESTDIR)$(PREFIX)/bin/
	install -m 644 $(B)/libtraceshim.so $(DESTDIR)$(PREFIX)/lib/
	install -m 644 $(modules) $(DESTDIR)$(PREFIX)/lib/traceshim/
	install -m 644 symbols.conf README.md LICENSE $(DESTDIR)$(PREFIX)/share/doc/traceshim/
	for m in $(manuals); do install -D -m 644 $$m $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$${m##*/}; done
	install -D -m 644 runtime/command/complete/traceshim.bash $(DESTDIR)$(PREFIX)/$(completion_bash)
	install -D -m 644 runtime/command/complete/_traceshim $(DESTDIR)$(PREFIX)/$(completion_zsh)
	for u in $(units); do install -d $(DESTDIR)$(PREFIX)/lib/systemd/$${u%%/*} && \
		sed 's#@bindir@#$(PREFIX)/bin#' runtime/collect/$${u#*/}.in > $(DESTDIR)$(PREFIX)/lib/systemd/$$u; done

uninstall: ## what install put there
	rm -rf $(DESTDIR)$(PREFIX)/bin/traceshim $(DESTDIR)$(PREFIX)/lib/libtraceshim.so \
		$(DESTDIR)$(PREFIX)/lib/traceshim $(DESTDIR)$(PREFIX)/share/doc/traceshim \
		$(addprefix $(DESTDIR)$(PREFIX)/,$(completion_bash) $(completion_zsh)) \
		$(addprefix $(DESTDIR)$(PREFIX)/lib/systemd/,$(units))
	for m in $(manuals); do rm -f $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$${m##*/}; done

clean: ## remove everything that was built
	rm -rf $(B)

help: ## this list
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' Makefile
