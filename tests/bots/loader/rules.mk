# SPDX-License-Identifier: Apache-2.0
# The loader: a program linked with base and, before it, wrap; outer and inner come by dlopen.

loader := $(B)/bots/loader
LOADER = -std=gnu11 -D_GNU_SOURCE $(WARN) -O2 -g -fPIC -pthread '-Wl,-rpath,$$ORIGIN' -L$(loader)

bots: $(loader)/loader $(loader)/libouter.so

$(loader)/libbase.so $(loader)/libinner.so $(loader)/libwrap.so: $(loader)/lib%.so: tests/bots/loader/%.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LOADER) -shared -Wl,-soname,$(@F) -o $@ $<

$(loader)/libouter.so: tests/bots/loader/outer.c $(loader)/libinner.so
	$(call say,CC,$@)
	$(Q)$(CC) $(LOADER) -shared -Wl,-soname,$(@F) -o $@ $< -linner

$(loader)/loader: tests/bots/loader/main.c $(loader)/libbase.so $(loader)/libwrap.so
	$(call say,CC,$@)
	$(Q)$(CC) $(LOADER) -o $@ $< -lwrap -lbase
