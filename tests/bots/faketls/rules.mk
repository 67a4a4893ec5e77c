# SPDX-License-Identifier: Apache-2.0
# Faketls: functions by the names of OpenSSL's, in a library and in the program itself; plain sockets.

faketls := $(B)/bots/faketls
FAKETLS = $(WARN) -D_GNU_SOURCE -O2 -g -fPIC -fexceptions -pthread
faketls_src := $(addprefix tests/bots/faketls/,talk.c stray.c)
faketls_head := $(addprefix tests/bots/faketls/,tls.h talk.h)

bots: $(addprefix $(faketls)/,wire wire_inside libfront.so registers registers_inside)

$(faketls)/libfaketls.so: tests/bots/faketls/tls.c $(faketls_head)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(FAKETLS) -shared -Wl,-soname,$(@F) -o $@ $<

$(faketls)/ways.o: tests/bots/faketls/ways.cc $(faketls_head)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CXX) -std=c++17 $(filter-out -Wstrict-prototypes -Wmissing-prototypes,$(FAKETLS)) -c -o $@ $<

$(faketls)/wire: $(faketls_src) $(faketls)/ways.o $(faketls)/libfaketls.so $(faketls_head)
	$(call say,CC,$@)
	$(Q)$(CC) -std=gnu11 $(FAKETLS) -rdynamic -o $@ $(filter %.c %.o,$^) '-Wl,-rpath,$$ORIGIN' -L$(faketls) -lfaketls -lstdc++

$(faketls)/libfront.so: tests/bots/faketls/front.c $(faketls_head)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(FAKETLS) -shared -o $@ $<

# Entries instead of slots.
$(faketls)/wire_inside: $(faketls_src) tests/bots/faketls/tls.c $(faketls)/ways.o $(faketls_head)
	$(call say,CC,$@)
	$(Q)$(CC) -std=gnu11 $(FAKETLS) -rdynamic -o $@ $(filter %.c %.o,$^) -lstdc++

$(faketls)/libuntouched.so: tests/bots/faketls/functions_x86_64.S
	$(call say,AS,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -shared -Wl,-soname,$(@F) -o $@ $<

$(faketls)/registers: tests/bots/faketls/registers.c tests/bots/inside/registers_x86_64.S tests/bots/inside/inside.h $(faketls)/libuntouched.so
	$(call say,CC,$@)
	$(Q)$(CC) -std=gnu11 $(WARN) -D_GNU_SOURCE -O2 -g -fPIE -pie -fno-plt -o $@ $(filter %.c %.S,$^) '-Wl,-rpath,$$ORIGIN' -L$(faketls) -luntouched

$(faketls)/registers_inside: tests/bots/faketls/registers.c tests/bots/faketls/functions_x86_64.S tests/bots/inside/registers_x86_64.S tests/bots/inside/inside.h
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) -D_GNU_SOURCE -O2 -g -fPIE -pie -o $@ $(filter %.c %.S,$^)

bots: $(addprefix $(faketls)/,sockets own)

$(faketls)/sockets: tests/bots/faketls/sockets.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(filter-out -Werror,$(FAKETLS)) -Wno-unused-result -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -o $@ $<

# Its own functions are not the library's by name alone.
$(faketls)/own: tests/bots/faketls/own.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(FAKETLS) -fno-builtin -rdynamic -o $@ $<
