# SPDX-License-Identifier: Apache-2.0
# The coach: a program and two libraries that find each other by $ORIGIN. What one file of a library calls
# in another goes through a GOT slot, as in any library built with -fPIC; what the program calls of its own
# goes nowhere but there.

coach := $(B)/bots/coach
coach_h := $(wildcard tests/bots/coach/*.h)
COACH = -std=c11 -D_GNU_SOURCE $(WARN) -O2 -g -fPIC -pthread -Wl,-z,defs '-Wl,-rpath,$$ORIGIN' -L$(coach)

bots: $(coach)/coach

$(coach)/libllm.so: $(addprefix tests/bots/coach/,llm.c journal.c text.c) $(coach_h)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(COACH) -shared -Wl,-soname,$(@F) -o $@ $(filter %.c,$^)

$(coach)/libagents.so: $(addprefix tests/bots/coach/,agents.c tools.c) $(coach_h) $(coach)/libllm.so
	$(call say,CC,$@)
	$(Q)$(CC) $(COACH) -shared -Wl,-soname,$(@F) -o $@ $(filter %.c,$^) -lllm

$(coach)/coach: $(addprefix tests/bots/coach/,main.c conversation.c handlers.c regen.c) $(coach_h) $(coach)/libagents.so
	$(call say,CC,$@)
	$(Q)$(CC) $(COACH) -fPIE -pie -o $@ $(filter %.c,$^) -lagents -lllm
