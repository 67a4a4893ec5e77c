# SPDX-License-Identifier: Apache-2.0
# Cplus: a bot in C++, once with libstdc++, once with its old ABI, once with libc++.

cplus := $(B)/bots/cplus
CLANGXX ?= clang++
CPLUS = -std=c++17 -D_GNU_SOURCE -Wall -Wextra $(if $(WERROR),-Werror) -O2 -g -fPIC

bots: $(cplus)/bot $(cplus)/old/bot $(cplus)/clang/bot $(cplus)/libcxx/bot $(cplus)/late

# cplus_bot FOLDER,COMPILER,FLAGS,LIBRARIES
define cplus_bot
$(1)/libbot.so: tests/bots/cplus/bot.cc tests/bots/cplus/bot.h $(5)
	$$(call say,CXX,$$@)
	@mkdir -p $$(@D)
	$$(Q)$(2) $$(CPLUS) $(3) -shared -Wl,-soname,$$(@F) -o $$@ $$< $(4)

$(1)/bot: tests/bots/cplus/main.cc tests/bots/cplus/bot.h $(1)/libbot.so
	$$(call say,CXX,$$@)
	$$(Q)$(2) $$(CPLUS) $(3) -o $$@ $$< '-Wl,-rpath,$$$$ORIGIN' -L$(1) -lbot $(4)
endef

$(eval $(call cplus_bot,$(cplus),$(CXX)))
$(eval $(call cplus_bot,$(cplus)/old,$(CXX),-D_GLIBCXX_USE_CXX11_ABI=0))
$(eval $(call cplus_bot,$(cplus)/clang,$(CLANGXX)))

$(cplus)/late: tests/bots/cplus/late.cc
	$(call say,CXX,$@)
	@mkdir -p $(@D)
	$(Q)$(CXX) $(CPLUS) -o $@ $<

# libc++'s headers stand in the way of libunwind-dev, so they are not installed: the package is unpacked here.
# Its libraries are (scripts/setup).
libcxx := $(cplus)/libcxx/include
LIBCXX = -nostdinc++ -isystem $(libcxx)/usr/lib/llvm-14/include/c++/v1 -nodefaultlibs -Wno-unused-command-line-argument

$(libcxx)/.unpacked:
	$(call say,GET,libc++-14-dev)
	@mkdir -p $(@D)
	$(Q)cd $(@D) && apt-get download -qq -o APT::Sandbox::User=root libc++-14-dev && dpkg -x libc++-14-dev_*.deb . && touch .unpacked

$(eval $(call cplus_bot,$(cplus)/libcxx,$(CLANGXX),$$(LIBCXX),-l:libc++.so.1 -l:libc++abi.so.1 -lgcc_s -lc -lm,$(libcxx)/.unpacked))
