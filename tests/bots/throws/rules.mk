# SPDX-License-Identifier: Apache-2.0
# Throws: once with the system's C++ runtime and unwinder, once with both linked into the program.

throws := $(B)/bots/throws
CXX ?= c++
THROWS = -std=gnu++17 -D_GNU_SOURCE -Wall -Wextra $(if $(WERROR),-Werror) -O2 -g -fPIC -pthread

bots: $(throws)/throws $(throws)/static/throws

$(throws)/libsteps.so: $(addprefix tests/bots/throws/,steps.cc steps.h)
	$(call say,CXX,$@)
	@mkdir -p $(@D)
	$(Q)$(CXX) $(THROWS) -shared -Wl,-soname,$(@F) -o $@ $(filter %.cc,$^)

$(throws)/throws: $(addprefix tests/bots/throws/,main.cc steps.h) $(throws)/libsteps.so
	$(call say,CXX,$@)
	$(Q)$(CXX) $(THROWS) -o $@ $< '-Wl,-rpath,$$ORIGIN' -L$(throws) -lsteps

# The library finds the program's C++ runtime, but has a copy of the unwinder for itself.
$(throws)/static/libsteps.so: $(addprefix tests/bots/throws/,steps.cc steps.h)
	$(call say,CXX,$@)
	@mkdir -p $(@D)
	$(Q)$(CXX) $(THROWS) -shared -nostdlib -Wl,-soname,$(@F) -o $@ $(filter %.cc,$^) -lgcc_eh -lgcc

$(throws)/static/throws: $(addprefix tests/bots/throws/,main.cc steps.h) $(throws)/static/libsteps.so
	$(call say,CXX,$@)
	$(Q)$(CXX) $(THROWS) -rdynamic -static-libstdc++ -static-libgcc -o $@ $< '-Wl,-rpath,$$ORIGIN' -L$(@D) -lsteps
