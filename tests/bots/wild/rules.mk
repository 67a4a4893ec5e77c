# SPDX-License-Identifier: Apache-2.0
# Wild: pointers that lead nowhere, faults that are meant, and handlers of every style for them.

wild := $(B)/bots/wild
WILD = -std=gnu11 -D_GNU_SOURCE $(WARN) -Wno-deprecated-declarations -O2 -g -fPIC -pthread

bots: $(wild)/wild

$(wild)/libwild.so: $(addprefix tests/bots/wild/,wild.c wild.h)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(WILD) -shared -Wl,-soname,$(@F) -o $@ $(filter %.c,$^)

$(wild)/wild: $(addprefix tests/bots/wild/,main.c handlers.c deaths.c masks.c nowhere.c faults.h nowhere.h wild.h) \
		$(wild)/libwild.so
	$(call say,CC,$@)
	$(Q)$(CC) $(WILD) -o $@ $(filter %.c,$^) '-Wl,-rpath,$$ORIGIN' -L$(wild) -lwild
