# SPDX-License-Identifier: Apache-2.0
# Threads: requests on many threads, deep ones, and ones inside of others.

threads := $(B)/bots/threads
THREADS = -std=gnu11 -D_GNU_SOURCE $(WARN) -O2 -g -fPIC -pthread

bots: $(threads)/threads

$(threads)/libtasks.so: $(addprefix tests/bots/threads/,tasks.c tasks.h)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(THREADS) -shared -Wl,-soname,$(@F) -o $@ $(filter %.c,$^)

$(threads)/threads: $(addprefix tests/bots/threads/,main.c tasks.h) $(threads)/libtasks.so
	$(call say,CC,$@)
	$(Q)$(CC) $(THREADS) -o $@ $< '-Wl,-rpath,$$ORIGIN' -L$(threads) -ltasks
