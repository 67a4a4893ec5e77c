# SPDX-License-Identifier: Apache-2.0
# Types: a library with functions of every type.

types := $(B)/bots/types
TYPES = -std=gnu11 -D_GNU_SOURCE $(WARN) -O2 -g -fPIC

bots: $(types)/types

$(types)/libtypes.so: $(addprefix tests/bots/types/,types.c types.h)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(TYPES) -shared -Wl,-soname,$(@F) -o $@ $(filter %.c,$^)

$(types)/types: $(addprefix tests/bots/types/,main.c types.h) $(types)/libtypes.so
	$(call say,CC,$@)
	$(Q)$(CC) $(TYPES) -o $@ $< '-Wl,-rpath,$$ORIGIN' -L$(types) -ltypes
