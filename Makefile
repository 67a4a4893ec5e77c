# SPDX-License-Identifier: Apache-2.0
# `make help` lists what there is. V=1 shows every command.

PREFIX  ?= /usr/local
CC      ?= cc
CFLAGS  ?= -O2 -g
WERROR  ?=
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
shim_src    := $(wildcard preload/*.c)
shim_asm    := $(wildcard preload/*.S)
store_src   := $(wildcard runtime/store_*.c)
runtime_src := $(filter-out $(store_src),$(wildcard runtime/*.c))
command_src := $(wildcard runtime/command/*.c)
unit_src    := $(wildcard tests/unit/*.c)

obj = $(patsubst %.c,$(B)/obj/%.o,$(patsubst %.S,$(B)/obj/%.o,$(1)))

modules := $(B)/modules/flusher.so $(patsubst runtime/%.c,$(B)/modules/%.so,$(store_src))

.PHONY: all demo check unit e2e bench lint format install uninstall clean help bots check-tsan \
	setup-build setup-check setup-bench

all: $(B)/libtraceshim.so $(B)/traceshim $(modules) ## the shim, its modules and the command, into build/

include $(wildcard tests/bots/*/rules.mk)

# --- what is built ---------------------------------------------------------------------------------

$(call obj,$(hot_src)): $(B)/obj/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOT) -c -o $@ $<

$(call obj,$(pads_src) $(shim_asm)): $(B)/obj/%.o: %.S
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -fPIC -g -MMD -MP -c -o $@ $<

$(call obj,$(shim_src)): $(B)/obj/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(SHIM) -c -o $@ $<

$(call obj,$(runtime_src) $(store_src) $(command_src)): $(B)/obj/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(RUNTIME) -c -o $@ $<

$(B)/libtraceshim.so: $(call obj,$(hot_src) $(pads_src) $(shim_src) $(shim_asm)) preload/exports.map
	$(call say,LD,$@)
	$(Q)$(CC) -shared -o $@ $(filter %.o,$^) -Wl,--version-script=preload/exports.map -Wl,-z,defs,-z,now,-z,relro \
		-Wl,-z,noexecstack -Wl,--as-needed -Wl,-soname,libtraceshim.so $(LDFLAGS)

$(B)/modules/flusher.so: $(call obj,$(runtime_src))
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -shared -o $@ $^ -Wl,-z,defs,-z,relro,-Bsymbolic $(LDFLAGS) -lcjson -luuid

# SQLite lies inside its store, hidden, so that it meets no other copy in the program.
$(B)/modules/store_sqlite.so: $(call obj,$(addprefix runtime/,store_sqlite.c columns.c dbfile.c error.c moment.c))
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -shared -o $@ $^ -Wl,-z,defs,-z,relro,-Bsymbolic -Wl,--exclude-libs,ALL $(LDFLAGS) -l:libsqlite3.a -lm

$(B)/traceshim: $(call obj,$(command_src) $(runtime_src))
	$(call say,LD,$@)
	$(Q)$(CC) -o $@ $^ $(LDFLAGS) -lcjson -luuid

$(B)/gen/sql_sqlite.h: scripts/embed-sql $(wildcard sql/sqlite/*.sql)
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)scripts/embed-sql sql/sqlite > $@.new && mv $@.new $@

$(B)/obj/runtime/store_sqlite.o $(B)/asan/runtime/store_sqlite.o: $(B)/gen/sql_sqlite.h

-include $(shell find $(B) -name '*.d' 2>/dev/null)

# --- tests -----------------------------------------------------------------------------------------

asan_obj := $(patsubst %.c,$(B)/asan/%.o,$(filter-out preload/shim.c preload/life.c preload/hook.c preload/sigaction.c,$(shim_src)) \
            $(hot_src) $(runtime_src) $(store_src))

$(asan_obj): $(B)/asan/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -fvisibility=hidden,$(RUNTIME)) $(ASAN) -c -o $@ $<

# assembly that needs no other part of the shim
$(B)/asan/libts.a: $(asan_obj) $(call obj,preload/hot/guarded_x86_64.S preload/guard_x86_64.S)
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/unit/%: tests/unit/%.c $(B)/asan/libts.a
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) -D_GNU_SOURCE -g $(ASAN) -MMD -MP -I. -I$(B)/gen -o $@ $< $(B)/asan/libts.a \
		-lcmocka -lcjson -luuid -l:libsqlite3.a -lm -lpthread

unit: $(patsubst tests/unit/%.c,$(B)/unit/%,$(unit_src)) ## unit tests, under AddressSanitizer and UBSan
	$(Q)set -e; for t in $^; do $$t; done

check-tsan: ## the ring's two threads, under ThreadSanitizer
	@mkdir -p $(B)/tsan
	$(Q)$(CC) -std=gnu11 $(WARN) -g -O1 -fsanitize=thread -D_GNU_SOURCE -I. -o $(B)/tsan/ring_threads \
		tests/tsan/ring_threads.c $$(sed -n 's/.*sources: \([^*]*\).*/\1/p' tests/tsan/ring_threads.c) -lcjson -luuid
	$(Q)$(B)/tsan/ring_threads

bots: ## the programs that the end-to-end tests trace

e2e: all bots ## end-to-end tests
	$(Q)bats --jobs 1 $(wildcard tests/e2e/*.bats)

check: setup-check ## install what is missing, then every test
	$(Q)$(MAKE) --no-print-directory lint
	$(Q)$(MAKE) --no-print-directory unit check-tsan
	$(Q)$(MAKE) --no-print-directory e2e

demo: setup-build ## install what is missing, build, trace the coach and show what it did
	$(Q)$(MAKE) --no-print-directory all $(B)/bots/coach/coach
	@scripts/demo

bench: setup-bench ## measure, against uftrace in the same run; writes build/bench/bench.json
	$(Q)$(MAKE) --no-print-directory all
	@scripts/bench

setup-build setup-check setup-bench:
	@scripts/setup $(@:setup-%=%)

sources := $(shell find preload runtime tests -name '*.[ch]')

lint: ## formatting, shell scripts, man pages
	$(Q)clang-format --dry-run -Werror $(sources)
	$(Q)shellcheck scripts/* $(wildcard tests/e2e/*.bash)
	$(Q)mandoc -Tlint -W warning $(manuals)

format: ## format all C sources
	$(Q)clang-format -i $(sources)

# --- installation ------------------------------------------------------------------------------------

manuals := $(wildcard preload/*.[1-9] runtime/command/*.[1-9])

install: all ## into $(DESTDIR)$(PREFIX)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/traceshim $(DESTDIR)$(PREFIX)/share/doc/traceshim
	install -m 755 $(B)/traceshim $(DESTDIR)$(PREFIX)/bin/
	install -m 644 $(B)/libtraceshim.so $(DESTDIR)$(PREFIX)/lib/
	install -m 644 $(modules) $(DESTDIR)$(PREFIX)/lib/traceshim/
	install -m 644 symbols.conf README.md LICENSE $(DESTDIR)$(PREFIX)/share/doc/traceshim/
	for m in $(manuals); do install -D -m 644 $$m $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$${m##*/}; done

uninstall: ## what install put there
	rm -rf $(DESTDIR)$(PREFIX)/bin/traceshim $(DESTDIR)$(PREFIX)/lib/libtraceshim.so \
		$(DESTDIR)$(PREFIX)/lib/traceshim $(DESTDIR)$(PREFIX)/share/doc/traceshim
	for m in $(manuals); do rm -f $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$${m##*/}; done

clean: ## remove everything that was built
	rm -rf $(B)

help: ## this list
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile
