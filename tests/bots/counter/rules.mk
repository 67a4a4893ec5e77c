# SPDX-License-Identifier: Apache-2.0
# The counter: threads that count, each call noted in a file once it has returned.

bots: $(B)/bots/counter/counter

$(B)/bots/counter/counter: $(addprefix tests/bots/counter/,main.c count.c count.h)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) -D_GNU_SOURCE -O1 -g -fno-inline -o $@ $(filter %.c,$^) -lpthread
