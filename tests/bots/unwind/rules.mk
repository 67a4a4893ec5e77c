# SPDX-License-Identifier: Apache-2.0
# Unwind: every way of leaving calls, once for each unwinder that a program may be linked with.
#
#   gnu      the shared libgcc_s and libstdc++, as usual
#   static   both inside the program; its library has a copy of the unwinder for itself
#   llvm     LLVM's libunwind instead of libgcc_s (kinds: with LLVM's C++ ABI library, too)
#   nongnu   libunwind.so, the other library of that name, instead of libgcc_s
#
# and, for step, gnu and static with the calls inside the program: inside, inside_static.

unwind := $(B)/bots/unwind
# -fnon-call-exceptions: an exception may leave a signal handler
UNWIND = -D_GNU_SOURCE -Wall -Wextra $(if $(WERROR),-Werror) -O2 -g -fPIC -fexceptions -fnon-call-exceptions -pthread
UNWIND_RUN = '-Wl,-rpath,$$ORIGIN' -L$(@D) -lcalls
LLVM_UNWIND := $(firstword $(wildcard /usr/lib/x86_64-linux-gnu/libunwind.so.1 /usr/lib/llvm-*/lib/libunwind.so.1))
LLVM_ABI := $(firstword $(wildcard /usr/lib/x86_64-linux-gnu/libc++abi.so.1 /usr/lib/llvm-*/lib/libc++abi.so.1))

bots: $(foreach v,gnu static llvm,$(unwind)/$(v)/kinds) $(foreach v,gnu static llvm nongnu,$(unwind)/$(v)/ways)
bots: $(foreach v,gnu static nongnu inside inside_static,$(unwind)/$(v)/step)

$(foreach v,gnu llvm nongnu,$(unwind)/$(v)/libcalls.so): tests/bots/unwind/calls.c tests/bots/unwind/calls.h
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(UNWIND) -shared -nostdlib -Wl,-soname,$(@F) -o $@ $<

$(unwind)/static/libcalls.so: tests/bots/unwind/calls.c tests/bots/unwind/calls.h
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(UNWIND) -shared -nostdlib -Wl,-soname,$(@F) -o $@ $< -lgcc_eh -lgcc

$(unwind)/gnu/%: tests/bots/unwind/%.cc tests/bots/unwind/calls.h $(unwind)/gnu/libcalls.so
	$(call say,CXX,$@)
	$(Q)$(CXX) -std=gnu++17 $(UNWIND) -o $@ $< $(UNWIND_RUN)

$(unwind)/static/%: tests/bots/unwind/%.cc tests/bots/unwind/calls.h $(unwind)/static/libcalls.so
	$(call say,CXX,$@)
	$(Q)$(CXX) -std=gnu++17 $(UNWIND) -rdynamic -static-libstdc++ -static-libgcc -o $@ $< $(UNWIND_RUN)

$(unwind)/llvm/kinds: tests/bots/unwind/kinds.cc tests/bots/unwind/calls.h $(unwind)/llvm/libcalls.so
	$(call say,CXX,$@)
	$(Q)$(CXX) -std=gnu++17 $(UNWIND) -DLLVM_ABI -nodefaultlibs -o $@ $< $(UNWIND_RUN) $(LLVM_ABI) $(LLVM_UNWIND) -lc

# libstdc++.so brings libgcc_s.so all the same; what comes first is the unwinder of all.
$(unwind)/llvm/ways: tests/bots/unwind/ways.cc tests/bots/unwind/calls.h $(unwind)/llvm/libcalls.so
	$(call say,CXX,$@)
	$(Q)$(CXX) -std=gnu++17 $(UNWIND) -nodefaultlibs -o $@ $< $(UNWIND_RUN) $(LLVM_UNWIND) -lstdc++ -lm -lc -lgcc

$(unwind)/nongnu/%: tests/bots/unwind/%.cc tests/bots/unwind/calls.h $(unwind)/nongnu/libcalls.so
	$(call say,CXX,$@)
	$(Q)$(CXX) -std=gnu++17 $(UNWIND) -nodefaultlibs -o $@ $< $(UNWIND_RUN) -lunwind -lstdc++ -lm -lc -lgcc

$(unwind)/inside/calls.o: tests/bots/unwind/calls.c tests/bots/unwind/calls.h
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(UNWIND) -fno-ipa-cp -c -o $@ $<

$(unwind)/inside_static/step: UNWIND_STATIC = -static-libstdc++ -static-libgcc
$(unwind)/inside/step $(unwind)/inside_static/step: tests/bots/unwind/step.cc tests/bots/unwind/calls.h $(unwind)/inside/calls.o
	$(call say,CXX,$@)
	@mkdir -p $(@D)
	$(Q)$(CXX) -std=gnu++17 $(UNWIND) -o $@ $(filter-out %.h,$^) $(UNWIND_STATIC)
