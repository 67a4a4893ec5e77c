# SPDX-License-Identifier: Apache-2.0
# Who brings rows to a store without a program that is traced.

bots: $(B)/stores/deliver

$(B)/stores/deliver: tests/stores/deliver.c runtime/store.h runtime/span.h runtime/gate.h
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) -D_GNU_SOURCE -O2 -g -o $@ $<
