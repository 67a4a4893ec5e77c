# SPDX-License-Identifier: Apache-2.0
# The counter: threads that count, each call noted in a file once it has returned; and one whose calls lie in each other.

bots: $(B)/bots/counter/counter $(B)/bots/counter/deep

$(B)/bots/counter/counter: tests/bots/counter/main.c
$(B)/bots/counter/deep: tests/bots/counter/deep.c
$(B)/bots/counter/counter $(B)/bots/counter/deep: $(addprefix tests/bots/counter/,count.c count.h)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) -D_GNU_SOURCE -O1 -g -fno-inline -fno-optimize-sibling-calls -o $@ $(filter %.c,$^) -lpthread
