# SPDX-License-Identifier: Apache-2.0
# Readers that are given anything, by libFuzzer; the mover of entries, which makes up its own.

FUZZ := clang -std=gnu11 -g -O1 -D_GNU_SOURCE -I. -I$(B)/gen -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
	-Wall -Wextra $(if $(WERROR),-Werror)
parsers := $(wildcard preload/prototype/*.c) $(addprefix preload/,$(addprefix conf/,conf.c conf_python.c conf_setting.c conf_wire.c) \
	hook/names.c elf/elf.c) tests/fuzz/heap_arena.c

$(B)/fuzz/prototype $(B)/fuzz/conf: $(B)/fuzz/%: tests/fuzz/%.c $(parsers) tests/fuzz/fuzz.h
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(FUZZ) -o $@ $(filter %.c,$^)

$(B)/fuzz/elf: tests/fuzz/elf.c $(addprefix preload/,elf/elf.c elf/scope.c reach/symtab.c) tests/fuzz/fuzz.h $(B)/fuzz/seeds/elf/gnu.so
	$(call say,CC,$@)
	$(Q)$(FUZZ) -o $@ $(filter %.c,$^)

$(B)/fuzz/seeds/elf/gnu.so: tests/fuzz/seed.c tests/fuzz/seed.map
	@mkdir -p $(@D)
	$(Q)for style in gnu sysv both; do $(CC) -O1 -fPIC -shared -nostdlib -o $(@D)/$$style.so $< -fuse-ld=bfd \
		-Wl,--hash-style=$$style,--version-script=tests/fuzz/seed.map,-soname,libseed.so,-z,noseparate-code \
		-Wl,-z,max-page-size=64,-z,common-page-size=64,-z,lazy,--build-id=none -fno-asynchronous-unwind-tables || exit; done; strip -s $(@D)/sysv.so

$(B)/fuzz/gate: tests/fuzz/gate.c $(addprefix runtime/,$(addprefix command/,gate/file.c gate/line.c gate/rule.c \
		terminal/display.c terminal/guess.c terminal/print.c) pool.c text.c) tests/fuzz/fuzz.h
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(FUZZ) -o $@ $(filter %.c,$^)

# All of the runtime but what lives in a program.
$(B)/fuzz/spool $(B)/fuzz/backlog: $(B)/fuzz/%: tests/fuzz/%.c $(filter-out runtime/query/% \
		runtime/flusher.c,$(runtime_src)) $(addprefix runtime/live/,inside.c exchanges.c) $(wildcard tests/fuzz/*.h) $(B)/gen/prices.h $(B)/gen/providers.inc \
		$(B)/fuzz/seeds/%
	$(call say,CC,$@)
	$(Q)$(FUZZ) -o $@ $(filter %.c,$^) -lcjson -luuid -l:libiberty.a $(WIRE_LIBS)

$(B)/fuzz/usage: tests/fuzz/usage.c $(wildcard runtime/usage/*.c) $(addprefix runtime/,columns.c error.c file.c log/held.c \
		modelname.c moment.c pool.c price.c pricelist.c scan.c scan_tail.c sha256.c text.c) tests/fuzz/fuzz.h tests/fuzz/rows.h \
		$(B)/gen/prices.h
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(FUZZ) -o $@ $(filter %.c,$^) -lcjson

$(B)/fuzz/seeds/spool $(B)/fuzz/seeds/backlog: tests/fuzz/seeds.py tests/faults/harness.py | faults
	$(Q)python3 $< $(@F) $@

# The readers of what goes over a wire.
wire_readers := wire_http1 wire_http2 wire_sse wire_provider

$(wire_readers:%=$(B)/fuzz/%): $(B)/fuzz/%: tests/fuzz/%.c $(wildcard runtime/wire/*.[ch]) runtime/text.c runtime/pool.c \
		$(addprefix tests/fuzz/,wire.h fuzz.h) $(B)/gen/providers.inc $(B)/fuzz/seeds/%
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(FUZZ) -I$(B)/gen -o $@ $(filter %.c,$^) $(WIRE_LIBS)

$(B)/fuzz/wire_heads: tests/fuzz/wire_heads.c $(filter-out preload/wire/nomalloc.c,$(heads_src)) $(wildcard preload/wire/*.h) tests/fuzz/fuzz.h \
		preload/wire.h $(B)/gen/provider_hosts.inc $(B)/fuzz/seeds/wire_heads
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(FUZZ) -o $@ $(filter %.c,$^) -l:libhttp_parser.a -l:libnghttp2.a

$(wire_readers:%=$(B)/fuzz/seeds/%) $(B)/fuzz/seeds/wire_heads: tests/fuzz/wire_seeds.py
	$(Q)python3 $< $(@F) $@

readers := prototype conf elf gate spool backlog usage $(wire_readers) wire_heads

.PHONY: fuzz-mover $(readers:%=fuzz-%)

# What libFuzzer is told of each; its corpus. With PROVIDER=NAME, wire_provider reads what that one answers alone.
dictionaries := prototype=c conf=c gate=c usage=usage wire_heads=heads $(wire_readers:%=%=wire)
dictionary   = $(patsubst $*=%,-dict=tests/fuzz/%.dict,$(filter $*=%,$(dictionaries)))
max_len      = -max_len=$(if $(filter spool backlog,$*),16384,8192)
corpus       = $(B)/fuzz/corpus/$*$(PROVIDER:%=-%)

$(readers:%=fuzz-%): fuzz-%: setup-fuzz $(B)/fuzz/%
	@mkdir -p $(corpus) $(B)/fuzz/seeds/$*
	$(Q)cp tests/fuzz/seeds/$*/* $(B)/fuzz/seeds/$*/ 2>/dev/null || :
	$(Q)$(B)/fuzz/$* -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 $(max_len) $(dictionary) -print_final_stats=1 \
		-verbosity=0 -artifact_prefix=$(CURDIR)/$(B)/fuzz/$*- $(CURDIR)/$(corpus) $(CURDIR)/$(B)/fuzz/seeds/$* 2>&1 | \
		tee $(B)/fuzz/$*.log | grep -E 'ERROR|not so|runtime error|Test unit|stat::number' ; \
		grep -q stat::number_of $(B)/fuzz/$*.log && ! ls $(B)/fuzz/$*-* 2>/dev/null

# The code under test under ASan and UBSan, what it makes run as it is.
$(B)/fuzz/mover: $(wildcard tests/fuzz/mover*.[chS]) $(entry_asan)
	$(call say,CC,tests/fuzz/mover.c)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) -D_GNU_SOURCE -O1 -g $(ASAN) -I. -o $@ $(filter %.c %.S %.o,$^) -lZydis

# Moves entries at random, from SEED=.
fuzz-mover: $(B)/fuzz/mover
	$(Q)$< $(FUZZ_SECONDS) $(SEED)
