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

.PHONY: all demo check unit e2e borders bench lint format install uninstall clean help setup bots check-tsan
all: $(B)/libtraceshim.so $(B)/traceshim $(modules)

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
$(B)/modules/store_sqlite.so: $(call obj,runtime/store_sqlite.c runtime/error.c)
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

asan_obj := $(patsubst %.c,$(B)/asan/%.o,$(filter-out preload/shim.c preload/life.c preload/hook.c,$(shim_src)) \
            $(hot_src) $(runtime_src) $(store_src))

$(asan_obj): $(B)/asan/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -fvisibility=hidden,$(RUNTIME)) $(ASAN) -c -o $@ $<

$(B)/asan/libts.a: $(asan_obj)
	$(Q)rm -f $@ && ar rcs $@ $^

$(B)/unit/%: tests/unit/%.c $(B)/asan/libts.a
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) -D_GNU_SOURCE -g $(ASAN) -MMD -MP -I. -I$(B)/gen -o $@ $< $(B)/asan/libts.a \
		-lcmocka -lcjson -luuid -l:libsqlite3.a -lm -lpthread

unit: $(patsubst tests/unit/%.c,$(B)/unit/%,$(unit_src))
	$(Q)set -e; for t in $^; do $$t; done

clean: ## remove everything that was built
	rm -rf $(B)

help: ## this list
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
