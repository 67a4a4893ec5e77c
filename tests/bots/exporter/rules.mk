# SPDX-License-Identifier: Apache-2.0
# The exporter: exports (-rdynamic) every function name of four libraries, each of which aborts.

exporter := $(B)/bots/exporter
exported = $(foreach l,cjson sqlite3 uuid pq,$(shell $(CC) -print-file-name=lib$(l).so))

bots: $(exporter)/exporter

$(exporter)/stolen.c:
	$(call say,GEN,$@)
	@mkdir -p $(@D)
	$(Q)nm -D --defined-only $(exported) | sed -nE 's/^[0-9a-f]+ [TW] ([A-Za-z_0-9]+).*/\1/p' | grep -v '^_' | sort -u | \
		awk '{ print "void " $$1 "(void);\nvoid " $$1 "(void)\n{\n\t__builtin_trap();\n}" }' > $@

$(exporter)/exporter: tests/bots/exporter/main.c $(exporter)/stolen.c $(B)/bots/ends/libjob.so
	$(call say,CC,$@)
	$(Q)$(CC) $(ENDS) -fno-builtin -rdynamic -o $@ $(filter %.c,$^) '-Wl,-rpath,$$ORIGIN/../ends' -L$(B)/bots/ends -ljob
