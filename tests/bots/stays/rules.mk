# SPDX-License-Identifier: Apache-2.0
# Stays: pipelines, agents and LLM calls in a library, and a program that stays in the middle of them.

stays := $(B)/bots/stays
STAYS = -std=gnu11 -D_GNU_SOURCE $(WARN) -O2 -g -fPIC -pthread

bots: $(stays)/stays

$(stays)/libsteps.so: $(addprefix tests/bots/stays/,steps.c steps.h)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(STAYS) -shared -Wl,-soname,$(@F) -o $@ $(filter %.c,$^)

$(stays)/stays: tests/bots/stays/main.c tests/bots/stays/steps.h $(stays)/libsteps.so
	$(call say,CC,$@)
	$(Q)$(CC) $(STAYS) -o $@ $< '-Wl,-rpath,$$ORIGIN' -L$(stays) -lsteps
