# SPDX-License-Identifier: Apache-2.0
# Wire: functions by the names of OpenSSL's, in a library and in the program itself; plain sockets.

wire := $(B)/bots/wire
WIRE = $(WARN) -D_GNU_SOURCE -O2 -g -fPIC -fexceptions -pthread
wire_src := $(addprefix tests/bots/wire/,talk.c stray.c)
wire_head := $(addprefix tests/bots/wire/,tls.h talk.h)

bots: $(addprefix $(wire)/,wire wire_inside registers registers_inside)

$(wire)/libfaketls.so: tests/bots/wire/tls.c $(wire_head)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WIRE) -shared -Wl,-soname,$(@F) -o $@ $<

$(wire)/ways.o: tests/bots/wire/ways.cc $(wire_head)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CXX) -std=c++17 $(filter-out -Wstrict-prototypes -Wmissing-prototypes,$(WIRE)) -c -o $@ $<

$(wire)/wire: $(wire_src) $(wire)/ways.o $(wire)/libfaketls.so $(wire_head)
	$(call say,CC,$@)
	$(Q)$(CC) -std=gnu11 $(WIRE) -rdynamic -o $@ $(filter %.c %.o,$^) '-Wl,-rpath,$$ORIGIN' -L$(wire) -lfaketls -lstdc++

# Entries instead of slots.
$(wire)/wire_inside: $(wire_src) tests/bots/wire/tls.c $(wire)/ways.o $(wire_head)
	$(call say,CC,$@)
	$(Q)$(CC) -std=gnu11 $(WIRE) -rdynamic -o $@ $(filter %.c %.o,$^) -lstdc++

$(wire)/libuntouched.so: tests/bots/wire/functions_x86_64.S
	$(call say,AS,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -shared -Wl,-soname,$(@F) -o $@ $<

$(wire)/registers: tests/bots/wire/registers.c tests/bots/inside/registers_x86_64.S tests/bots/inside/inside.h $(wire)/libuntouched.so
	$(call say,CC,$@)
	$(Q)$(CC) -std=gnu11 $(WARN) -D_GNU_SOURCE -O2 -g -fPIE -pie -fno-plt -o $@ $(filter %.c %.S,$^) '-Wl,-rpath,$$ORIGIN' -L$(wire) -luntouched

$(wire)/registers_inside: tests/bots/wire/registers.c tests/bots/wire/functions_x86_64.S tests/bots/inside/registers_x86_64.S tests/bots/inside/inside.h
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) -D_GNU_SOURCE -O2 -g -fPIE -pie -o $@ $(filter %.c %.S,$^)

bots: $(addprefix $(wire)/,sockets own)

$(wire)/sockets: tests/bots/wire/sockets.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(filter-out -Werror,$(WIRE)) -Wno-unused-result -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -o $@ $<

# Its own functions are not the library's by name alone.
$(wire)/own: tests/bots/wire/own.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WIRE) -fno-builtin -rdynamic -o $@ $<
