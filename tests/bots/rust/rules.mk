# SPDX-License-Identifier: Apache-2.0
# Rust: a dylib and a program, once with each mangling. Debian's compiler, whichever else there is.

rust := $(B)/bots/rust
RUSTC ?= /usr/bin/rustc
RUST = --edition 2021 -O -C prefer-dynamic

bots: $(rust)/legacy/bot $(rust)/v0/bot

# rust_bot MANGLING,FLAGS; legacy is what the compiler does unasked
define rust_bot
$(rust)/$(1)/libagents.so: tests/bots/rust/agents.rs
	$$(call say,RUSTC,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(RUSTC) $$(RUST) $(2) --crate-type dylib --crate-name agents -o $$@ $$<

$(rust)/$(1)/bot: tests/bots/rust/main.rs $(rust)/$(1)/libagents.so
	$$(call say,RUSTC,$$@)
	$$(Q)$$(RUSTC) $$(RUST) $(2) --extern agents=$(rust)/$(1)/libagents.so \
		-C link-arg='-Wl,-rpath,$$$$ORIGIN' -o $$@ $$<
endef

$(eval $(call rust_bot,legacy))
$(eval $(call rust_bot,v0,-C symbol-mangling-version=v0))
