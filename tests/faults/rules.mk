# SPDX-License-Identifier: Apache-2.0
# Programs that are killed and disturbed while they are traced; the scripts beside this do it.

faults := $(B)/faults
FAULTS = -std=gnu11 -D_GNU_SOURCE $(WARN) -O2 -g -fPIC -pthread

faults: all $(addprefix $(faults)/,victim soak inject allocs.so)

$(faults)/libwork.so: $(addprefix tests/faults/,work.c work.h)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(FAULTS) -shared -Wl,-soname,$(@F) -o $@ $(filter %.c,$^)

$(faults)/victim $(faults)/soak: $(faults)/%: tests/faults/%.c $(addprefix tests/faults/,ledger.h mine.h work.h) \
		$(faults)/libwork.so
	$(call say,CC,$@)
	$(Q)$(CC) $(FAULTS) -o $@ $(filter %.c,$^) '-Wl,-rpath,$$ORIGIN' -L$(faults) -lwork

$(faults)/inject: $(addprefix tests/faults/,inject.c mine.h)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(FAULTS) -o $@ $(filter %.c,$^)

$(faults)/allocs.so: $(addprefix tests/faults/,allocs.c mine.h)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(FAULTS) -fno-builtin -fvisibility=hidden -shared -o $@ $(filter %.c,$^)
