# SPDX-License-Identifier: Apache-2.0
# Inside: programs and libraries whose calls of their own functions go through no GOT slot.

inside := $(B)/bots/inside
inside_src := $(addprefix tests/bots/inside/,main.c registers.c registers_x86_64.S ipa.c values.c flow.c late.c \
              second.c refused_x86_64.S)
INSIDE := -std=gnu11 -D_GNU_SOURCE $(WARN) -O2 -g -pthread
inside_libs = '-Wl,-rpath,$$ORIGIN' -L$(inside) -ldirect -ltaker
inside_plugins := $(inside)/libplugin1.so $(inside)/libplugin2.so

bots: $(addprefix $(inside)/,inside inside_unwinder inside_fixed throws confined) $(inside_plugins)

$(inside)/libdirect.so: tests/bots/inside/direct.c tests/bots/inside/inside.h
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(INSIDE) -fPIC -shared -Wl,-Bsymbolic,-soname,$(@F) -o $@ $<

$(inside)/libtaker.so: tests/bots/inside/taker.c tests/bots/inside/inside.h $(inside)/libdirect.so
	$(call say,CC,$@)
	$(Q)$(CC) $(INSIDE) -fPIC -shared -Wl,-soname,$(@F) -o $@ $< -L$(inside) -ldirect

$(inside_plugins): $(inside)/libplugin%.so: tests/bots/inside/plugin.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(INSIDE) -DFACTOR=$*0 -fPIC -shared -Wl,-soname,$(@F) -o $@ $<

$(inside)/inside: $(inside_src) tests/bots/inside/inside.h $(inside)/libtaker.so
	$(call say,CC,$@)
	$(Q)$(CC) $(INSIDE) -fPIE -pie -o $@ $(inside_src) $(inside_libs)

# With a shared unwinder from the start: the other return pads.
$(inside)/inside_unwinder: $(inside_src) tests/bots/inside/inside.h $(inside)/libtaker.so
	$(call say,CC,$@)
	$(Q)$(CC) $(INSIDE) -fPIE -pie -o $@ $(inside_src) $(inside_libs) -Wl,--no-as-needed -l:libgcc_s.so.1

# At its place of old, 0x400000, with the heap behind it.
$(inside)/inside_fixed: $(inside_src) tests/bots/inside/inside.h $(inside)/libtaker.so
	$(call say,CC,$@)
	$(Q)$(CC) $(INSIDE) -fno-pie -no-pie -o $@ $(inside_src) $(inside_libs)

$(inside)/throws: tests/bots/inside/throws.cc
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CXX) -O2 -g -Wall -Wextra -o $@ $<

$(inside)/confined: tests/bots/inside/confined.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(INSIDE) -o $@ $<
