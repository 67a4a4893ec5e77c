# SPDX-License-Identifier: Apache-2.0
# The allocator: a program whose malloc is jemalloc's.

allocator := $(B)/bots/allocator

bots: $(allocator)/allocator

$(allocator)/allocator: tests/bots/allocator/main.c $(B)/bots/ends/libjob.so
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ENDS) -fno-builtin -o $@ $< '-Wl,-rpath,$$ORIGIN/../ends' -L$(B)/bots/ends -ljob -ljemalloc
