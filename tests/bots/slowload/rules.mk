# SPDX-License-Identifier: Apache-2.0
# A program without an unwinder, and a library that brings libgcc_s and takes its time.

slowload := $(B)/bots/slowload
SLOWLOAD = -std=gnu11 -D_GNU_SOURCE $(WARN) -O2 -g -fPIC -fexceptions '-Wl,-rpath,$$ORIGIN'

bots: $(slowload)/slowload $(slowload)/libslow.so

$(slowload)/libslow.so: tests/bots/slowload/slow.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(SLOWLOAD) -shared -Wl,-soname,$(@F) -o $@ $< -Wl,--no-as-needed -lgcc_s

$(slowload)/slowload: tests/bots/slowload/main.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(SLOWLOAD) -rdynamic -o $@ $<
