# SPDX-License-Identifier: Apache-2.0
# Ends: jobs in a library, and a program that ends in the middle of one. Two other bots use the library.

ends := $(B)/bots/ends
ENDS = -std=gnu11 -D_GNU_SOURCE $(WARN) -O2 -g -fPIC -pthread

bots: $(ends)/ends

$(ends)/libjob.so: $(addprefix tests/bots/ends/,job.c job.h)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ENDS) -shared -Wl,-soname,$(@F) -o $@ $(filter %.c,$^)

$(ends)/ends: tests/bots/ends/main.c tests/bots/ends/job.h $(ends)/libjob.so
	$(call say,CC,$@)
	$(Q)$(CC) $(ENDS) -o $@ $< '-Wl,-rpath,$$ORIGIN' -L$(ends) -ljob
