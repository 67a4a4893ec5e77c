# SPDX-License-Identifier: Apache-2.0
# Programs that are killed and disturbed while they are traced; the scripts beside this do it.

faults := $(B)/faults
FAULTS = -std=gnu11 -D_GNU_SOURCE $(WARN) -O2 -g -fPIC -pthread

faults: all $(faults)/victim

$(faults)/libwork.so: $(addprefix tests/faults/,work.c work.h)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(FAULTS) -shared -Wl,-soname,$(@F) -o $@ $(filter %.c,$^)

$(faults)/victim: $(addprefix tests/faults/,victim.c ledger.h work.h) $(faults)/libwork.so
	$(call say,CC,$@)
	$(Q)$(CC) $(FAULTS) -o $@ $(filter %.c,$^) '-Wl,-rpath,$$ORIGIN' -L$(faults) -lwork
