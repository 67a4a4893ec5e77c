# SPDX-License-Identifier: Apache-2.0
# A client of libssl that does to it what few do; and with all of it inside, where no slot leads to it.

check-wire: $(addprefix $(B)/bots/wire/,tls tls_inside)

$(B)/bots/wire/tls: tests/bots/wire/tls.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE $(WARN) -O2 -g -o $@ $< -lssl -lcrypto

$(B)/bots/wire/tls_inside: tests/bots/wire/tls.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE $(WARN) -O2 -g -rdynamic -o $@ $< -l:libssl.a -l:libcrypto.a
