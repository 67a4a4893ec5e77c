# SPDX-License-Identifier: Apache-2.0
# Family: a program that starts others, itself among them, in every way there is.

family := $(B)/bots/family
FAMILY = -std=gnu11 -D_GNU_SOURCE $(WARN) -O2 -g -fPIC -pthread

bots: $(family)/family $(family)/under

$(family)/libwork.so: $(addprefix tests/bots/family/,work.c work.h)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(FAMILY) -shared -Wl,-soname,$(@F) -o $@ $(filter %.c,$^)

$(family)/family: $(addprefix tests/bots/family/,main.c starts.c forks.c family.h work.h) $(family)/libwork.so
	$(call say,CC,$@)
	$(Q)$(CC) $(FAMILY) -o $@ $(filter %.c,$^) '-Wl,-rpath,$$ORIGIN' -L$(family) -lwork

$(family)/under: tests/bots/family/under.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(FAMILY) -o $@ $<
