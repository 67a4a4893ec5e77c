# SPDX-License-Identifier: Apache-2.0
# A client of libssl that does to it what few do.

check-wire: $(B)/bots/wire/tls

$(B)/bots/wire/tls: tests/bots/wire/tls.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE $(WARN) -O2 -g -o $@ $< -lssl -lcrypto
